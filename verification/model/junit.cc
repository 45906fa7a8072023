#include "ashlar/verification/model/junit.h"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace ashlar::verification {
namespace {

// The length of the UTF-8 character that `text` starts with, 0 if XML cannot hold it.
std::size_t CharacterLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= ' ' || std::strchr("\t\n\r", byte(0)) ? 1 : 0;
  const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc0 || byte(0) >= 0xf8 || text.size() < length) return 0;
  char32_t point = byte(0) & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3fu);
  }
  constexpr char32_t kShortest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point < 0xe000;
  const bool exists = point >= kShortest[length] && point <= 0x10ffff && !surrogate;
  return exists && point != 0xfffe && point != 0xffff ? length : 0;
}

// As the value of an attribute.
std::string Escaped(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const std::size_t length = text[0] == '\0' ? 0 : CharacterLength(text);
    switch (length == 0 ? '\0' : text[0]) {
      case '\0':
        escaped += '?';
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      // A reader would take these for spaces.
      case '\t':
        escaped += "&#9;";
        break;
      case '\n':
        escaped += "&#10;";
        break;
      case '\r':
        escaped += "&#13;";
        break;
      default:
        escaped += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return escaped;
}

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + Escaped(value) + "\"";
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

}  // namespace

std::string_view Compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "g++ " __VERSION__;
#else
  return "unknown";
#endif
}

std::string JUnitXml(std::string_view suite, const std::vector<JUnitCase>& cases) {
  std::string rows;
  std::size_t failures = 0;
  double seconds = 0;
  for (const JUnitCase& row : cases) {
    rows += "    <testcase" + Attribute("name", row.name) + Attribute("classname", row.class_name) +
            Attribute("time", Seconds(row.seconds)) + ">\n";
    if (!row.properties.empty()) {
      rows += "      <properties>\n";
      for (const auto& [name, value] : row.properties) {
        rows += "        <property" + Attribute("name", name) + Attribute("value", value) + "/>\n";
      }
      rows += "      </properties>\n";
    }
    if (row.failure) rows += "      <failure" + Attribute("message", *row.failure) + "/>\n";
    rows += "    </testcase>\n";
    failures += row.failure ? 1 : 0;
    seconds += row.seconds;
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite" +
         Attribute("name", suite) + Attribute("tests", std::to_string(cases.size())) +
         Attribute("failures", std::to_string(failures)) + Attribute("time", Seconds(seconds)) +
         ">\n    <properties>\n      <property" + Attribute("name", "compiler") +
         Attribute("value", Compiler()) + "/>\n    </properties>\n" + rows +
         "  </testsuite>\n</testsuites>\n";
}

bool WriteJUnit(std::string_view suite, const std::vector<JUnitCase>& cases) {
  const char* path = std::getenv("XML_OUTPUT_FILE");
  if (path == nullptr) return true;
  errno = 0;
  std::ofstream file(path);
  file << JUnitXml(suite, cases);
  file.close();
  if (file) return true;
  std::fprintf(stderr, "cannot write the results to XML_OUTPUT_FILE %s: %s\n", path,
               std::strerror(errno));
  return false;
}

}  // namespace ashlar::verification
