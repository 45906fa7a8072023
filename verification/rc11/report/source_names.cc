#include "ashlar/verification/rc11/report/source_names.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <string_view>
#include <utility>

#include "ashlar/verification/rc11/report/operation_text.h"

namespace ashlar::verification::rc11 {
namespace {

constexpr unsigned kLinesOfACall = 3;
constexpr Value kLarge = Value{1} << 32;

// A, ..., Z, A1, ...
std::string Letter(std::ptrdiff_t number) {
  const std::string letter(1, static_cast<char>('A' + number % 26));
  return number < 26 ? letter : letter + std::to_string(number / 26);
}

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where `source` goes on before `end`, without blanks.
std::size_t BackOverBlanks(std::string_view source, std::size_t end) {
  while (end > 0 && std::isspace(static_cast<unsigned char>(source[end - 1])) != 0) --end;
  return end;
}

// Before the bracket that closes at `end`.
std::size_t BackOverBrackets(std::string_view source, std::size_t end) {
  int depth = 0;
  while (end > 0) {
    const char c = source[--end];
    if (c == ')' || c == ']') ++depth;
    if ((c == '(' || c == '[') && --depth == 0) break;
  }
  return end;
}

// The last name of the expression that ends at `end`, without what it is indexed with.
std::string NameBefore(std::string_view source, std::size_t end) {
  end = BackOverBlanks(source, end);
  while (end > 0 && (source[end - 1] == ']' || source[end - 1] == ')')) {
    end = BackOverBlanks(source, BackOverBrackets(source, end));
  }
  std::size_t begin = end;
  while (begin > 0 && IsWord(source[begin - 1])) --begin;
  while (end > begin && source[end - 1] == '_') --end;
  return std::string(source.substr(begin, end - begin));
}

}  // namespace

std::string MemberIn(const std::string& source, const Operation& operation) {
  const std::string method(Method(operation));
  std::string member;
  // The call ends with its statement.
  const std::size_t stop = std::min(source.find(';'), source.size());
  for (std::size_t at = source.find(method); at < stop; at = source.find(method, at + 1)) {
    const std::size_t after = source.find_first_not_of(" \n", at + method.size());
    if (at == 0 || after == source.npos || source[after] != '(') continue;
    std::size_t dot = BackOverBlanks(source, at);
    if (dot > 0 && source[dot - 1] == '.') {
      dot -= 1;
    } else if (dot > 1 && source[dot - 1] == '>' && source[dot - 2] == '-') {
      dot -= 2;
    } else {
      continue;
    }
    const std::string name = NameBefore(source, dot);
    if (name.empty() || (!member.empty() && member != name)) return "";
    member = name;
  }
  return member;
}

SourceNames::SourceNames(const Graph& graph, std::vector<std::uintptr_t> addresses,
                         std::vector<NamedObject> objects, const SourceFiles& files)
    : files_(files), addresses_(std::move(addresses)), objects_(std::move(objects)) {
  std::vector<std::map<std::string, int>> votes(graph.Locations());
  for (int i = 0; i < graph.Size(); ++i) {
    const Operation& operation = graph[graph.At(i)].operation;
    if (operation.kind == OperationKind::kFence || !IsKnown(operation.place)) continue;
    if (operation.rmw && operation.kind == OperationKind::kWrite) continue;
    const std::string source = files.Lines(operation.place.file, operation.place.line,
                                           operation.place.line + kLinesOfACall - 1);
    const std::string member = MemberIn(source, operation);
    if (!member.empty()) ++votes[operation.location][member];
  }
  std::vector<std::string> members(graph.Locations());
  for (int location = 0; location < graph.Locations(); ++location) {
    int most = 0;
    for (const auto& [member, count] : votes[location]) {
      if (count > most) members[location] = member;
      most = std::max(most, count);
    }
  }
  FindPointers(graph, members);
  NameLocations(members);
}

void SourceNames::FindPointers(const Graph& graph, const std::vector<std::string>& members) {
  holds_pointers_.resize(graph.Locations());
  for (int i = 0; i < graph.Size(); ++i) {
    const Event& event = graph[graph.At(i)];
    const auto value = static_cast<std::uintptr_t>(event.value);
    if (event.IsFence() || value == 0) continue;
    const bool is_named = ObjectAt(value) != nullptr;
    if (!is_named && std::find(addresses_.begin(), addresses_.end(), value) == addresses_.end()) {
      continue;
    }
    holds_pointers_[event.operation.location] = true;
    if (!is_named) pointers_.push_back(value);
  }
  // What has the same name has the same type.
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t j = 0; j < members.size() && !members[i].empty(); ++j) {
      if (holds_pointers_[j] && members[i] == members[j]) holds_pointers_[i] = true;
    }
  }
  std::sort(pointers_.begin(), pointers_.end());
  pointers_.erase(std::unique(pointers_.begin(), pointers_.end()), pointers_.end());
}

const NamedObject* SourceNames::ObjectAt(std::uintptr_t address) const {
  const NamedObject* best = nullptr;
  for (const NamedObject& object : objects_) {
    if (address < object.address || address >= object.address + object.bytes) continue;
    if (best == nullptr || object.bytes < best->bytes) best = &object;
  }
  return best;
}

void SourceNames::NameLocations(const std::vector<std::string>& members) {
  std::map<std::string, std::vector<int>> same;
  for (std::size_t location = 0; location < members.size(); ++location) {
    std::string name = members[location];
    const std::uintptr_t address = location < addresses_.size() ? addresses_[location] : 0;
    if (const NamedObject* object = address == 0 ? nullptr : ObjectAt(address)) {
      name = object->is_location || name.empty() ? object->name : object->name + "." + name;
    }
    const auto pointer = std::lower_bound(pointers_.begin(), pointers_.end(), address);
    const bool is_start = pointer != pointers_.end() && *pointer == address;
    if (name.empty() && is_start) name = Letter(pointer - pointers_.begin());
    if (name.empty()) name = Names::Location(static_cast<int>(location));
    names_.push_back(name);
    same[name].push_back(static_cast<int>(location));
  }
  for (auto& [name, locations] : same) {
    if (locations.size() == 1) continue;
    std::sort(locations.begin(), locations.end(),
              [&](int a, int b) { return addresses_[a] < addresses_[b]; });
    int number = 0;
    for (const int location : locations) {
      const auto after = std::upper_bound(pointers_.begin(), pointers_.end(), addresses_[location]);
      if (after == pointers_.begin()) {
        names_[location] = name + "#" + std::to_string(number++);
      } else {
        names_[location] = Letter(after - pointers_.begin() - 1) + "." + name;
      }
    }
  }
}

std::string SourceNames::Location(int location) const {
  return location < static_cast<int>(names_.size()) ? names_[location] : Names::Location(location);
}

std::string SourceNames::Text(int location, Value value) const {
  const auto address = static_cast<std::uintptr_t>(value);
  const auto pointer = std::lower_bound(pointers_.begin(), pointers_.end(), address);
  if (pointer != pointers_.end() && *pointer == address) {
    return "&" + Letter(pointer - pointers_.begin());
  }
  if (const NamedObject* object = ObjectAt(address)) {
    std::string text = "&" + object->name;
    if (address != object->address) text += "+" + std::to_string(address - object->address);
    return text;
  }
  if (value == 0 && location < static_cast<int>(holds_pointers_.size())) {
    if (holds_pointers_[location]) return "nullptr";
  }
  // What is that large is an address, or bits that were packed.
  if (value > -kLarge && value < kLarge) return Names::Text(location, value);
  char hex[2 + 16 + 1];
  std::snprintf(hex, sizeof(hex), "0x%jx", static_cast<std::uintmax_t>(address));
  return hex;
}

std::string SourceNames::Line(const SourceSite& place) const {
  return files_.Line(place.file, place.line);
}

}  // namespace ashlar::verification::rc11
