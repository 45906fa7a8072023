#include "ashlar/verification/rc11/report/names.h"

#include <cstddef>
#include <string_view>

#include "ashlar/verification/platform/short_path.h"

namespace ashlar::verification::rc11 {

std::string Names::Location(int location) const {
  constexpr std::string_view kLetters = "xyzuvw";
  const auto index = static_cast<std::size_t>(location);
  if (index < kLetters.size()) return std::string(1, kLetters[index]);
  return "x" + std::to_string(location);
}

std::string Names::Text(int, Value value) const { return std::to_string(value); }

std::string Names::Line(const SourceSite&) const { return ""; }

std::string FullWhere(const SourceSite& place) {
  if (!IsKnown(place)) return "";
  return std::string(ShortPath(place.file)) + ":" + std::to_string(place.line);
}

std::string Where(const SourceSite& place) {
  std::string where = FullWhere(place);
  return where.substr(where.rfind('/') + 1);
}

}  // namespace ashlar::verification::rc11
