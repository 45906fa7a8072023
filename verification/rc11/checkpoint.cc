#include "ashlar/verification/rc11/checkpoint.h"

#include <optional>
#include <sstream>
#include <utility>

#include "ashlar/verification/rc11/path.h"

namespace ashlar::verification::rc11 {
namespace {

constexpr char kTitle[] = "rc11-checkpoint-1";

}  // namespace

std::string WriteCheckpoint(Model model, const Result& result, const std::deque<Work>& work) {
  std::ostringstream text;
  text << kTitle << " model " << static_cast<int>(model) << " executions " << result.executions
       << " blocked " << result.blocked << " cut " << result.cut << " failures " << result.failures
       << " steps " << result.steps << " revisits " << result.revisits << '\n';
  text.precision(17);
  for (const Work& left : work) text << left.share << ' ' << ToText(left.path) << '\n';
  return text.str();
}

bool ReadCheckpoint(std::string_view text, Model model, Result* result, std::deque<Work>* work) {
  std::istringstream in{std::string(text)};
  std::string title;
  std::string word;
  int written_model = -1;
  in >> title >> word >> written_model;
  in >> word >> result->executions >> word >> result->blocked >> word >> result->cut;
  in >> word >> result->failures >> word >> result->steps >> word >> result->revisits;
  if (!in || title != kTitle || written_model != static_cast<int>(model)) return false;
  double share = 0;
  while (in >> share) {
    std::string path_text;
    in >> path_text;
    std::optional<Path> path = ParsePath(path_text);
    if (!path) return false;
    work->push_back({std::move(*path), share, 0});
  }
  return in.eof();
}

}  // namespace ashlar::verification::rc11
