#include "ashlar/verification/rc11/report/names.h"

#include <algorithm>
#include <cstddef>

namespace ashlar::verification::rc11 {

std::string Names::Location(int location) const {
  constexpr std::string_view kLetters = "xyzuvw";
  const auto index = static_cast<std::size_t>(location);
  if (index < kLetters.size()) return std::string(1, kLetters[index]);
  return "x" + std::to_string(location);
}

std::string Names::Text(int, Value value) const { return std::to_string(value); }

std::string Names::Line(const SourceSite&) const { return ""; }

std::string_view ShortPath(std::string_view file) {
  constexpr std::string_view kVirtual = "/_virtual_includes/";
  constexpr std::string_view kPrefix = "ashlar/";
  if (const std::size_t at = file.find(kVirtual); at != file.npos) {
    file.remove_prefix(file.find('/', at + kVirtual.size()) + 1);
    if (file.substr(0, kPrefix.size()) == kPrefix) file.remove_prefix(kPrefix.size());
  }
  return file;
}

std::string ShortPaths(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    result += ShortPath(text.substr(0, end));
    if (end < text.size()) result += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string FullWhere(const SourceSite& place) {
  if (!IsKnown(place)) return "";
  return std::string(ShortPath(place.file)) + ":" + std::to_string(place.line);
}

std::string Where(const SourceSite& place) {
  std::string where = FullWhere(place);
  return where.substr(where.rfind('/') + 1);
}

}  // namespace ashlar::verification::rc11
