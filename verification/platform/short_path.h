// short_path.h
// ------------
// ShortPath(): a file's path as it is in the source tree, without Bazel's folders.
#ifndef ASHLAR_VERIFICATION_PLATFORM_SHORT_PATH_H_
#define ASHLAR_VERIFICATION_PLATFORM_SHORT_PATH_H_

#include <string_view>

namespace ashlar::verification {

// "concurrency/x.h" for "bazel-out/.../_virtual_includes/x/ashlar/concurrency/x.h". A part
// of `file`.
std::string_view ShortPath(std::string_view file);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_PLATFORM_SHORT_PATH_H_
