// junit.h
// -------
// WriteJUnit: the results of a test program, in the file that Bazel keeps beside its log
// (bazel-testlogs/.../test.xml), also for results from its cache.
//
// Write it once, at the end, whatever the verdict; of a program that crashes before,
// Bazel writes the file itself.
//
// Text is escaped. Bytes that XML cannot hold become '?': control characters, and what
// is not UTF-8.
#ifndef ASHLAR_VERIFICATION_MODEL_JUNIT_H_
#define ASHLAR_VERIFICATION_MODEL_JUNIT_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar::verification {

struct JUnitCase {
  std::string name;
  std::string class_name;
  double seconds = 0;
  std::vector<std::pair<std::string, std::string>> properties;
  std::optional<std::string> failure;  // what failed
};

// That which compiles this, such as "g++ 12.2.0": a property of the file.
std::string_view Compiler();

// The file's text.
std::string JUnitXml(std::string_view suite, const std::vector<JUnitCase>& cases);

// Writes it to $XML_OUTPUT_FILE; does nothing if that is not set, as outside of Bazel. False, and
// an error on stderr, if it cannot be written: the program should fail then.
[[nodiscard]] bool WriteJUnit(std::string_view suite, const std::vector<JUnitCase>& cases);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_JUNIT_H_
