// expectation.h
// -------------
// Expect(): what must hold in a scenario, whichever checker runs it.
#ifndef ASHLAR_VERIFICATION_MODEL_EXPECTATION_H_
#define ASHLAR_VERIFICATION_MODEL_EXPECTATION_H_

#include "ashlar/base/source_site.h"

namespace ashlar::verification {

// Fails the execution if `condition` is false. For use in scenarios.
void Expect(bool condition, SourceSite site = SourceSite::Current());

// For checkers: while it lives, the calling thread's scenarios are explored by one that
// fails an execution by `fail`.
class ExpectationScope {
 public:
  using Fail = void (*)(const SourceSite& site);

  explicit ExpectationScope(Fail fail);
  ~ExpectationScope();
  ExpectationScope(const ExpectationScope&) = delete;
  ExpectationScope& operator=(const ExpectationScope&) = delete;

 private:
  const Fail outer_;
};

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_EXPECTATION_H_
