// version.h
// ---------
// The version of Ashlar's sources. Semantic versioning: below 1.0.0 any release may change
// names.
#ifndef ASHLAR_BASE_VERSION_H_
#define ASHLAR_BASE_VERSION_H_

namespace ashlar {

// The one in MODULE.bazel; tools/ashlar_test.py compares them.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace ashlar

#endif  // ASHLAR_BASE_VERSION_H_
