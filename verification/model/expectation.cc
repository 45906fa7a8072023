#include "ashlar/verification/model/expectation.h"

#include <utility>

#include "ashlar/base/check.h"

namespace ashlar::verification {
namespace {

thread_local constinit ExpectationScope::Fail current = nullptr;

}  // namespace

void Expect(bool condition, SourceSite site) {
  if (condition) return;
  ASHLAR_CHECK(current != nullptr, "Expect is for scenarios that a checker runs");
  current(site);
}

ExpectationScope::ExpectationScope(Fail fail) : outer_(std::exchange(current, fail)) {}

ExpectationScope::~ExpectationScope() { current = outer_; }

}  // namespace ashlar::verification
