#include "ashlar/verification/model/readable_history.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "ashlar/verification/platform/short_path.h"

namespace ashlar::verification {
namespace {

// Gives addresses short names, in the sequence in which they appear.
class Nicknames {
 public:
  // "<0x55d0c1b2a3f0>" becomes "<#1>".
  std::string Replace(const std::string& word) {
    const std::size_t begin = word.find("0x");
    if (begin == word.npos) return word;
    const std::size_t end =
        std::min(word.find_first_not_of("0123456789abcdef", begin + 2), word.size());
    const std::string address = word.substr(begin, end - begin);
    auto at = std::find(addresses_.begin(), addresses_.end(), address);
    if (at == addresses_.end()) at = addresses_.insert(at, address);
    return word.substr(0, begin) + "#" + std::to_string(at - addresses_.begin() + 1) +
           word.substr(end);
  }

 private:
  std::vector<std::string> addresses_;
};

}  // namespace

std::string ReadableHistory(const Search& search, std::string history) {
  if (search.scheduler == Search::Scheduler::kExhaustive) return history;
  history.resize(std::min(history.find("\nthread 0:"), history.size()));
  Nicknames nicknames;
  std::string readable;
  std::size_t at = 0;
  while (at < history.size()) {
    const std::size_t end = std::min(history.find_first_of(" \n", at), history.size());
    readable +=
        nicknames.Replace(std::string(ShortPath(std::string_view(history).substr(at, end - at))));
    at = std::min(history.find_first_not_of(" \n", end), history.size());
    readable.append(history, end, at - end);
  }
  return readable;
}

}  // namespace ashlar::verification
