// source_site.h
// -------------
// SourceSite: where in the source an operation stands.
//
// Meant as a defaulted trailing parameter. Checkers use it to name operations in
// their reports and to weaken a single memory order; production platforms have no
// such parameter. A site is (file, line); columns are left out because compilers
// disagree on them.
#ifndef ASHLAR_BASE_SOURCE_SITE_H_
#define ASHLAR_BASE_SOURCE_SITE_H_

#if __cplusplus < 202002L
#error "Ashlar needs C++20. With Bazel, add to your .bazelrc: build --cxxopt=-std=c++20"
#endif

namespace ashlar {

struct SourceSite {
  const char* file;
  const char* function;
  unsigned line;

  // The caller's place. The builtins work in every supported compiler;
  // std::source_location does not (clang 14 with libstdc++ 12 has none).
  static constexpr SourceSite Current(const char* file = __builtin_FILE(),
                                      const char* function = __builtin_FUNCTION(),
                                      unsigned line = __builtin_LINE()) {
    return {file, function, line};
  }
};

}  // namespace ashlar

#endif  // ASHLAR_BASE_SOURCE_SITE_H_
