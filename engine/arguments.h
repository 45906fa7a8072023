// arguments.h
// -----------
// ParseArguments: typed options and positional arguments from a command line.
//
//   const std::vector<Option> options = {
//       {.name = "top", .value = int64_t{20}, .help = "how many words to show", .min = 0}};
//   auto arguments = ParseArguments(options, {.name = "PATH", .min = 1}, {"--top=5", "/etc"});
//   if (!arguments.ok()) return arguments.status();
//   arguments->Int("top");       // 5
//   arguments->positional();     // {"/etc"}
//
// The type of an option is that of its default. On the command line it is "--name=value"
// or "--name value"; a bool is "--name", "--name=true" or "--name=false". Given twice, the
// last counts. "--" ends the options. What begins with "-" and a digit is an argument.
//
// Thread safety: values. Errors: InvalidArgument, one line that says what to do. Asking
// for an option that was not declared, or for another type, is a failed check.
#ifndef ASHLAR_ENGINE_ARGUMENTS_H_
#define ASHLAR_ENGINE_ARGUMENTS_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace ashlar {

struct Option {
  using Value = std::variant<bool, int64_t, double, std::string>;

  std::string name;  // without the dashes
  Value value;       // the default
  std::string help;  // one line
  // Of numbers, inclusive.
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  // Of strings; empty: any.
  std::vector<std::string> choices = {};

  // "--top N", as help shows it.
  std::string Usage() const;
};

struct Positional {
  std::string name;  // "PATH", as help shows it
  int min = 0;
  int max = 0;

  // "PATH…", "[PATH]", "".
  std::string Usage() const;
};

inline constexpr int kAnyNumber = std::numeric_limits<int>::max();

class Arguments {
 public:
  bool Bool(std::string_view name) const { return Get<bool>(name); }
  int64_t Int(std::string_view name) const { return Get<int64_t>(name); }
  double Double(std::string_view name) const { return Get<double>(name); }
  const std::string& String(std::string_view name) const { return Get<std::string>(name); }
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  friend absl::StatusOr<Arguments> ParseArguments(const std::vector<Option>&, const Positional&,
                                                  const std::vector<std::string>&);
  template <class T>
  const T& Get(std::string_view name) const;

  std::map<std::string, Option::Value, std::less<>> values_;
  std::vector<std::string> positional_;
};

absl::StatusOr<Arguments> ParseArguments(const std::vector<Option>& options,
                                         const Positional& positional,
                                         const std::vector<std::string>& words);

// A whole number in decimal, from `min` to `max`; `what` names it in the error.
absl::StatusOr<int64_t> ParseInt(const std::string& what, const std::string& text,
                                 int64_t min = std::numeric_limits<int64_t>::min(),
                                 int64_t max = std::numeric_limits<int64_t>::max());

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_ARGUMENTS_H_
