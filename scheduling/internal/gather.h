// What All, Race and Any are made of: inputs that end, one that decides, and a result when all have
// ended.
#ifndef ASHLAR_SCHEDULING_INTERNAL_GATHER_H_
#define ASHLAR_SCHEDULING_INTERNAL_GATHER_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/internal/gather_state.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar::internal {

// What does not depend on types.
class Gathering {
 public:
  // An input has ended. Gives what is due because of it.
  Continuation* Ended(std::uint32_t index, bool decides) noexcept;

 protected:
  explicit Gathering(std::size_t inputs);
  ~Gathering() = default;

  // An input's; null: nothing.
  void AddSource(std::size_t index, const CancellationSource* source);
  // What cancels the result, and the inputs with it. Nothing if no input can be cancelled.
  std::optional<CancellationSource> Link();

  Continuation* LetGo() noexcept;

  // Who decided, or GatherState<>::kNobody. In the end.
  std::uint32_t first() const { return state_.first(); }

 private:
  struct CancelInputs {
    Gathering* gathering;
    void operator()(CancellationReason reason) noexcept { gathering->CancelAll(reason); }
  };

  virtual Continuation* Complete() noexcept = 0;

  void CancelAll(CancellationReason reason) noexcept;
  void CancelOthers(std::size_t index, CancellationReason reason) noexcept;

  GatherState<> state_;
  std::vector<std::pair<std::size_t, CancellationSource>> sources_;
  std::optional<CancellationCallback<CancelInputs>> link_;
};

// Policy::Decides(outcome): whether the others are not needed any more.
template <class T, class Policy>
class GatherInput final : public Continuation {
 public:
  GatherInput() = default;
  GatherInput(const GatherInput&) = delete;
  GatherInput& operator=(const GatherInput&) = delete;
  ~GatherInput() {
    // Of what was never started.
    if (block_ != nullptr) Abandon(block_);
  }

  void Set(Gathering* gathering, std::uint32_t index, Future<T>&& future) {
    gathering_ = gathering;
    index_ = index;
    if (future.IsReady()) {
      outcome_ = future.WaitForOutcome();
    } else {
      block_ = FutureAccess::Release(future);
    }
  }

  // Null: it does not listen.
  const CancellationSource* source() const {
    return block_ != nullptr && block_->cancellation ? &*block_->cancellation : nullptr;
  }

  void Start() {
    if (block_ == nullptr || block_->Leave(this)) RunChain(this);
  }

  Outcome<T>& outcome() { return outcome_; }

 private:
  Continuation* Run() noexcept override {
    if (block_ != nullptr) {
      try {
        outcome_ = std::move(block_->outcome());
      } catch (...) {
        outcome_ = Outcome<T>(std::current_exception());
      }
      delete std::exchange(block_, nullptr);
    }
    return gathering_->Ended(index_, Policy::Decides(outcome_));
  }

  Gathering* gathering_ = nullptr;
  std::uint32_t index_ = 0;
  FutureBlock<T>* block_ = nullptr;
  Outcome<T> outcome_;  // once it has ended
};

template <class T, class Policy>
class RangeInputs {
 public:
  using Value = T;
  explicit RangeInputs(std::size_t size)
      : size_(size), inputs_(std::make_unique<GatherInput<T, Policy>[]>(size)) {}

  std::size_t size() const { return size_; }
  auto& operator[](std::size_t index) { return inputs_[index]; }

  // f(index, input).
  template <class F>
  void ForEach(F f) {
    for (std::size_t i = 0; i < size_; ++i) f(i, inputs_[i]);
  }

 private:
  std::size_t size_;
  std::unique_ptr<GatherInput<T, Policy>[]> inputs_;
};

template <class Policy, class... Ts>
class TupleInputs {
 public:
  static constexpr std::size_t size() { return sizeof...(Ts); }

  template <class F>
  void ForEach(F f) {
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      (f(kIndex, std::get<kIndex>(inputs_)), ...);
    }
    (std::index_sequence_for<Ts...>());
  }
  // f(constant index, input) of one of them.
  template <class F>
  void At(std::size_t index, F f) {
    [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      (void)((kIndex == index &&
              (f(std::integral_constant<std::size_t, kIndex>(), std::get<kIndex>(inputs_)),
               true)) ||
             ...);
    }
    (std::index_sequence_for<Ts...>());
  }
  auto& inputs() { return inputs_; }

 private:
  std::tuple<GatherInput<Ts, Policy>...> inputs_;
};

template <class R, class Policy, class Inputs>
class Gather final : public FutureBlock<R>, public Gathering {
 public:
  explicit Gather(Inputs inputs) requires std::move_constructible<Inputs>
      : Gathering(inputs.size()), inputs_(std::move(inputs)) {}
  Gather() : Gathering(Inputs::size()) {}

  Inputs& inputs() { return inputs_; }

  // When the inputs are set. Gives the result's future.
  static Future<R> Start(std::unique_ptr<Gather> owned) {
    Gather* const gather = owned.release();
    gather->inputs_.ForEach(
        [&](std::size_t index, auto& input) { gather->AddSource(index, input.source()); });
    gather->cancellation = gather->Link();
    auto future = FutureAccess::Of<R>(gather);
    gather->inputs_.ForEach([](std::size_t, auto& input) { input.Start(); });
    RunChain(gather->LetGo());
    return future;
  }

 private:
  Continuation* Complete() noexcept override {
    this->Keep([this] { return Policy::template Result<R>(inputs_, first()); });
    return Publish<R>(this);
  }

  Inputs inputs_;
};

// The failures of all inputs as one.
class Failures {
 public:
  void Add(std::size_t index, const absl::Status& status);
  absl::Status status(std::size_t inputs) const;

 private:
  bool all_cancelled_ = true;
  absl::StatusCode code_ = absl::StatusCode::kCancelled;  // of the first that was not cancelled
  std::string text_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_GATHER_H_
