#include "ashlar/scheduling/internal/gather.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/internal/continuation.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kMostInputs = 1u << 30;

}  // namespace

Gathering::Gathering(std::size_t inputs) : state_(static_cast<std::uint32_t>(inputs) + 1) {
  ASHLAR_CHECK(inputs <= kMostInputs, "so many futures cannot be waited for");
}

void Gathering::AddSource(std::size_t index, const CancellationSource* source) {
  if (source != nullptr) sources_.emplace_back(index, *source);
}

std::optional<CancellationSource> Gathering::Link() {
  if (sources_.empty()) return std::nullopt;
  CancellationSource source;
  link_.emplace(source.token(), CancelInputs{this});
  return source;
}

Continuation* Gathering::Ended(std::uint32_t index, bool decides) noexcept {
  if (decides && state_.Claim(index)) CancelOthers(index, CancellationReason::kCancelled);
  return LetGo();
}

void Gathering::CancelAll(CancellationReason reason) noexcept {
  if (!state_.Hold()) return;
  CancelOthers(GatherState<>::kNobody, reason);
  RunChain(LetGo());
}

void Gathering::CancelOthers(std::size_t index, CancellationReason reason) noexcept {
  for (auto& [of, source] : sources_) {
    if (of != index) source.Cancel(reason);
  }
}

Continuation* Gathering::LetGo() noexcept {
  if (!state_.LetGo()) return nullptr;
  // Whoever cancels just now finds that it is complete.
  link_.reset();
  return Complete();
}

void Failures::Add(std::size_t index, const absl::Status& status) {
  if (all_cancelled_ && !absl::IsCancelled(status)) {
    all_cancelled_ = false;
    code_ = status.code();
  }
  absl::StrAppend(&text_, text_.empty() ? "" : "; ", "[", index, "] ", status.ToString());
}

absl::Status Failures::status(std::size_t inputs) const {
  return absl::Status(code_, absl::StrCat("none of ", inputs, " succeeded: ", text_));
}

}  // namespace ashlar::internal
