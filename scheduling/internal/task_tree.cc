#include "ashlar/scheduling/internal/task_tree.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace ashlar::internal {

std::string Title(const std::string& kind, std::string_view name) {
  return name.empty() ? kind : absl::StrCat(kind, " \"", std::string(name), "\"");
}

std::string TaskTitle(std::size_t index, std::string_view name) {
  return Title(absl::StrCat("task ", index), name);
}

}  // namespace ashlar::internal
