#include "ashlar/engine/workloads/text_format.h"

#include "ashlar/engine/json.h"

namespace ashlar {

std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Counted(int64_t number, std::string_view what) {
  return Grouped(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

std::string Printable(std::string_view bytes, std::size_t max_bytes) {
  std::string text;
  while (!bytes.empty()) {
    if (text.size() >= max_bytes) return text + "…";
    const int length = Utf8Length(bytes);
    const auto first = static_cast<unsigned char>(bytes[0]);
    // U+0080 to U+009f are control characters too.
    const bool control =
        first < 0x20 || first == 0x7f ||
        (first == 0xc2 && length == 2 && static_cast<unsigned char>(bytes[1]) < 0xa0);
    const std::size_t taken = length == 0 ? 1 : static_cast<std::size_t>(length);
    if (length == 0 || control) {
      for (char c : bytes.substr(0, taken)) text += "\\x" + Hex({&c, 1});
    } else {
      text += bytes.substr(0, taken);
    }
    bytes.remove_prefix(taken);
  }
  return text;
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

}  // namespace ashlar
