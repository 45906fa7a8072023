#include "ashlar/engine/arguments.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "ashlar/base/check.h"

namespace ashlar {
namespace {

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

// "from 1 to 20", "of at least 1"; as much as is bounded.
std::string Range(double min, double max) {
  if (std::isinf(min) && std::isinf(max)) return "";
  if (std::isinf(max)) return " of at least " + Number(min);
  if (std::isinf(min)) return " of at most " + Number(max);
  return " from " + Number(min) + " to " + Number(max);
}

template <class T>
std::optional<T> ParseNumber(const std::string& text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined;
}

absl::Status Wrong(const Option& option, const std::string& expected, const std::string& text) {
  return absl::InvalidArgumentError("--" + option.name + " needs " + expected + ", not '" + text +
                                    "'");
}

absl::StatusOr<Option::Value> ParseValue(const Option& option, const std::string& text) {
  if (std::holds_alternative<bool>(option.value)) {
    if (text == "true") return Option::Value(true);
    if (text == "false") return Option::Value(false);
    return Wrong(option, "true or false", text);
  }
  if (std::holds_alternative<int64_t>(option.value)) {
    const auto value = ParseNumber<int64_t>(text);
    if (!value || static_cast<double>(*value) < option.min ||
        static_cast<double>(*value) > option.max) {
      return Wrong(option, "a whole number" + Range(option.min, option.max), text);
    }
    return Option::Value(*value);
  }
  if (std::holds_alternative<double>(option.value)) {
    const auto value = ParseNumber<double>(text);
    if (!value || !std::isfinite(*value) || *value < option.min || *value > option.max) {
      return Wrong(option, "a number" + Range(option.min, option.max), text);
    }
    return Option::Value(*value);
  }
  bool known = option.choices.empty();
  for (const std::string& choice : option.choices) known = known || choice == text;
  if (!known) return Wrong(option, "one of " + Join(option.choices), text);
  return Option::Value(text);
}

bool IsOption(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

}  // namespace

std::string Option::Usage() const {
  if (std::holds_alternative<bool>(value)) return "--" + name;
  if (!choices.empty()) {
    std::string usage;
    for (const std::string& choice : choices) usage += (usage.empty() ? "" : "|") + choice;
    return "--" + name + " " + usage;
  }
  return "--" + name + (std::holds_alternative<std::string>(value) ? " TEXT" : " N");
}

std::string Positional::Usage() const {
  if (max == 0) return "";
  const std::string shown = name + (max > 1 ? "..." : "");
  return min == 0 ? "[" + shown + "]" : shown;
}

template <class T>
const T& Arguments::Get(std::string_view name) const {
  const auto found = values_.find(name);
  ASHLAR_CHECK(found != values_.end(), "no such option");
  const T* const value = std::get_if<T>(&found->second);
  ASHLAR_CHECK(value != nullptr, "the option has another type");
  return *value;
}
template const bool& Arguments::Get<bool>(std::string_view) const;
template const int64_t& Arguments::Get<int64_t>(std::string_view) const;
template const double& Arguments::Get<double>(std::string_view) const;
template const std::string& Arguments::Get<std::string>(std::string_view) const;

absl::StatusOr<Arguments> ParseArguments(const std::vector<Option>& options,
                                         const Positional& positional,
                                         const std::vector<std::string>& words) {
  Arguments arguments;
  std::vector<std::string> names;
  for (const Option& option : options) {
    arguments.values_[option.name] = option.value;
    names.push_back("--" + option.name);
  }
  bool options_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (options_ended || !IsOption(word)) {
      arguments.positional_.push_back(word);
      continue;
    }
    if (word == "--") {
      options_ended = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string dashed = word.substr(0, equals);
    const Option* option = nullptr;
    for (const Option& candidate : options) {
      if (dashed == "--" + candidate.name) option = &candidate;
    }
    if (option == nullptr) {
      return absl::InvalidArgumentError(
          "unknown option " + dashed +
          (names.empty() ? "; there are none" : "; known: " + Join(names)));
    }
    std::string text;
    if (equals != std::string::npos) {
      text = word.substr(equals + 1);
    } else if (std::holds_alternative<bool>(option->value)) {
      text = "true";
    } else if (i + 1 < words.size()) {
      text = words[++i];
    } else {
      return absl::InvalidArgumentError(dashed + " needs a value: " + option->Usage());
    }
    auto value = ParseValue(*option, text);
    if (!value.ok()) return value.status();
    arguments.values_[option->name] = *std::move(value);
  }
  const std::size_t given = arguments.positional_.size();
  if (given < static_cast<std::size_t>(positional.min)) {
    return absl::InvalidArgumentError("missing argument: " + positional.Usage());
  }
  if (given > static_cast<std::size_t>(positional.max)) {
    return absl::InvalidArgumentError(
        "too many arguments: '" + arguments.positional_[static_cast<std::size_t>(positional.max)] +
        "'" + (positional.max == 0 ? "; none are taken" : "; expected " + positional.Usage()));
  }
  return arguments;
}

absl::StatusOr<int64_t> ParseInt(const std::string& what, const std::string& text, int64_t min,
                                 int64_t max) {
  const auto value = ParseNumber<int64_t>(text);
  if (value && *value >= min && *value <= max) return *value;
  return absl::InvalidArgumentError(what + " has to be a whole number from " + std::to_string(min) +
                                    " to " + std::to_string(max) + ", not '" + text + "'");
}

}  // namespace ashlar
