#include "ashlar/verification/platform/short_path.h"

namespace ashlar::verification {

std::string_view ShortPath(std::string_view file) {
  constexpr std::string_view kVirtual = "/_virtual_includes/";
  constexpr std::string_view kPrefix = "ashlar/";
  if (const std::size_t at = file.find(kVirtual); at != file.npos) {
    file.remove_prefix(file.find('/', at + kVirtual.size()) + 1);
    if (file.starts_with(kPrefix)) file.remove_prefix(kPrefix.size());
  }
  while (file.starts_with("./")) file.remove_prefix(2);
  return file;
}

}  // namespace ashlar::verification
