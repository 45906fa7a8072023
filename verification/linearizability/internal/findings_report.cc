#include "ashlar/verification/linearizability/internal/findings_report.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "ashlar/verification/linearizability/drawing.h"

namespace ashlar::verification::linearizability::internal {

void FindingsReport::Add(const std::string& object, double seconds, Properties properties,
                         const Findings& findings, const std::string& again) {
  JUnitCase& row = cases_.emplace_back();
  row.name = object;
  row.class_name = test_;
  row.seconds = seconds;
  row.properties = std::move(properties);
  if (!findings.wrong.has_value()) return;
  passed_ = false;
  row.failure = findings.wrong->text;
  std::printf("\nFAILED: %s\n%s\nTo see it again: %s\n", object.c_str(),
              findings.wrong->text.c_str(), again.c_str());
  const char* const directory = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (directory != nullptr && findings.wrong->drawing.has_value()) {
    const std::string path = std::string(directory) + "/" + object + "." + test_ + ".svg";
    std::ofstream file(path);
    file << Svg(*findings.wrong->drawing);
    file.close();
    std::printf(file ? "Drawn: %s\n" : "Cannot write %s\n", path.c_str());
  }
  std::fflush(stdout);
}

int FindingsReport::Finish() const { return WriteJUnit(test_, cases_) && passed_ ? 0 : 1; }

std::string Again(const char* program, const std::string& arguments) {
  const char* const target = std::getenv("TEST_TARGET");
  std::string command = target == nullptr ? program : std::string("bazel run ") + target;
  if (!arguments.empty()) command += (target == nullptr ? " " : " -- ") + arguments;
  return command;
}

double FromEnvironment(const char* name, double otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value >= 0)) {
    std::fprintf(stderr, "%s: not a number: %s\n", name, text);
    std::exit(2);
  }
  return value;
}

}  // namespace ashlar::verification::linearizability::internal
