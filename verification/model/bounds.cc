#include "ashlar/verification/model/bounds.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace ashlar::verification {
namespace {

bool Parse(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

bool Take(std::string_view argument, const std::map<std::string_view, Flag>& flags) {
  const std::size_t equals = argument.find('=');
  if (!argument.starts_with("--") || equals == argument.npos) return false;
  const auto flag = flags.find(argument.substr(2, equals - 2));
  if (flag == flags.end()) return false;
  const std::string_view value = argument.substr(equals + 1);
  if (auto* const text = std::get_if<std::string*>(&flag->second)) return **text = value, true;
  return Parse(value, *std::get<std::uint64_t*>(flag->second));
}

bool Scale(const char* text, Bounds& bounds) {
  std::uint64_t scale = 0;
  if (!Parse(text, scale) || scale == 0) return false;
  bounds.iterations *= scale;
  bounds.limit *= scale;
  bounds.executions *= scale;
  bounds.preemptions += scale > 1 ? 1 : 0;
  return true;
}

}  // namespace

std::vector<Search> Bounds::Searches(std::uint64_t share) const {
  std::vector<Search> searches;
  if (iterations >= share) searches.push_back(Search::Random(iterations / share, first));
  if (limit >= share) {
    searches.push_back(Search::Bounded(static_cast<unsigned>(preemptions), limit / share));
  }
  if (executions >= share) searches.push_back(Search::Exhaustive(executions / share));
  return searches;
}

bool ParseFlags(int argc, char** argv, Bounds& bounds,
                const std::map<std::string_view, Flag>& others) {
  const char* const scale = std::getenv("ASHLAR_MODEL_SCALE");
  if (scale != nullptr && !Scale(scale, bounds)) {
    std::fprintf(stderr, "ASHLAR_MODEL_SCALE: not a positive number: %s\n", scale);
    return false;
  }
  std::map<std::string_view, Flag> flags = others;
  flags.insert({{"iterations", &bounds.iterations},
                {"bound", &bounds.preemptions},
                {"limit", &bounds.limit},
                {"executions", &bounds.executions},
                {"first", &bounds.first}});
  for (int i = 1; i < argc; ++i) {
    if (Take(argv[i], flags) && bounds.first > 0) continue;
    std::fprintf(stderr, "%s: unknown flag or value: %s\n", argv[0], argv[i]);
    return false;
  }
  return true;
}

}  // namespace ashlar::verification
