#include "ashlar/engine/json.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "ashlar/base/check.h"

namespace ashlar {
namespace {

template <class Number>
void AppendNumber(Number value, std::string& out) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, end);
}

}  // namespace

Json& Json::Add(Json item) & {
  auto* items = std::get_if<Items>(&value_);
  ASHLAR_CHECK(items != nullptr, "Add needs an array");
  items->push_back(std::move(item));
  return *this;
}

Json& Json::Set(std::string name, Json value) & {
  auto* members = std::get_if<Members>(&value_);
  ASHLAR_CHECK(members != nullptr, "Set needs an object");
  members->emplace_back(std::move(name), std::move(value));
  return *this;
}

Json& Json::Merge(Json object) & {
  auto* more = std::get_if<Members>(&object.value_);
  ASHLAR_CHECK(more != nullptr, "Merge needs an object");
  for (auto& [name, value] : *more) Set(std::move(name), std::move(value));
  return *this;
}

std::string Json::ToString() const {
  std::string out;
  AppendTo(out);
  return out;
}

void Json::AppendTo(std::string& out) const {
  if (const auto* flag = std::get_if<bool>(&value_)) {
    out += *flag ? "true" : "false";
  } else if (const auto* integer = std::get_if<int64_t>(&value_)) {
    AppendNumber(*integer, out);
  } else if (const auto* real = std::get_if<double>(&value_); real && std::isfinite(*real)) {
    AppendNumber(*real, out);
  } else if (const auto* text = std::get_if<std::string>(&value_)) {
    AppendJsonString(*text, out);
  } else if (const auto* items = std::get_if<Items>(&value_)) {
    out += '[';
    for (const Json& item : *items) {
      if (&item != items->data()) out += ',';
      item.AppendTo(out);
    }
    out += ']';
  } else if (const auto* members = std::get_if<Members>(&value_)) {
    out += '{';
    for (const auto& [name, value] : *members) {
      if (&name != &members->front().first) out += ',';
      AppendJsonString(name, out);
      out += ':';
      value.AppendTo(out);
    }
    out += '}';
  } else {
    out += "null";
  }
}

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const unsigned char c = static_cast<unsigned char>(text[0]);
    int length = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[0];
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
      out += escape;
    } else if ((length = Utf8Length(text)) > 0) {
      out.append(text.substr(0, static_cast<std::size_t>(length)));
    } else {
      out += "\\ufffd";
      length = 1;
    }
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  out += '"';
}

int Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  if (text.empty()) return 0;
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;  // a follower, or a long form of ASCII
  if (first < 0xe0) return follows(1) ? 2 : 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;  // a long form
    if (first == 0xed && second > 0x9f) return 0;  // a surrogate
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first > 0xf4) return 0;
  if (first == 0xf0 && second < 0x90) return 0;  // a long form
  if (first == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
  return follows(1) && follows(2) && follows(3) ? 4 : 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const int length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  return true;
}

}  // namespace ashlar
