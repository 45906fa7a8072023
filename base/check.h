// check.h
// -------
// ASHLAR_CHECK(condition): an invariant that is tested in every build.
//
// For misuse that cannot be reported and for broken invariants; what the
// environment can cause is an absl::Status instead. A failed check prints the
// place, the condition and an optional explanation to standard error and aborts.
//
//   ASHLAR_CHECK(slot != nullptr);
//   ASHLAR_CHECK(!taken, "the result was taken before");
#ifndef ASHLAR_BASE_CHECK_H_
#define ASHLAR_BASE_CHECK_H_

#include "ashlar/base/source_site.h"

namespace ashlar::internal_check {

// Prints and aborts. Out of line and cold, so that a check costs a compare.
[[noreturn]] void Fail(const char* condition, SourceSite site, const char* why = "");

}  // namespace ashlar::internal_check

#define ASHLAR_CHECK(condition, ...)     \
  (static_cast<bool>(condition)          \
       ? static_cast<void>(0)            \
       : ::ashlar::internal_check::Fail( \
             #condition, ::ashlar::SourceSite::Current() __VA_OPT__(, ) __VA_ARGS__))

#endif  // ASHLAR_BASE_CHECK_H_
