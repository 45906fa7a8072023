#include "ashlar/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace ashlar::internal_check {

void Fail(const char* condition, SourceSite site, const char* why) {
  std::fprintf(stderr, "%s:%u: %s: check failed: %s%s%s\n", site.file, site.line, site.function,
               condition, *why ? ": " : "", why);
  std::abort();
}

}  // namespace ashlar::internal_check
