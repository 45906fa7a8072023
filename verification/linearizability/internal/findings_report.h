// findings_report.h
// -----------------
// FindingsReport: prints what was found, object by object, draws what is wrong, and gives the
// same to Bazel (model/junit.h).
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_FINDINGS_REPORT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_FINDINGS_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/model/junit.h"

namespace ashlar::verification::linearizability::internal {

class FindingsReport {
 public:
  // `test`: "linearizability", "stress" or "fuzz".
  explicit FindingsReport(std::string test) : test_(std::move(test)) {}

  using Properties = std::vector<std::pair<std::string, std::string>>;

  // A row. Prints and draws what is wrong; `again`: a command that
  // shows it again. A drawing goes to
  // TEST_UNDECLARED_OUTPUTS_DIR, if there is one.
  void Add(const std::string& object, double seconds, Properties properties,
           const Findings& findings, const std::string& again);

  // What main() returns: 0 if nothing is wrong and the results could be written.
  int Finish() const;

 private:
  const std::string test_;
  std::vector<JUnitCase> cases_;
  bool passed_ = true;
};

// How to run this program again: by Bazel, if it is Bazel that runs it.
std::string Again(const char* program, const std::string& arguments);

// The value of a variable of the environment, or `otherwise`. A value that is no number ends
// the process with a message.
double FromEnvironment(const char* name, double otherwise);

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_FINDINGS_REPORT_H_
