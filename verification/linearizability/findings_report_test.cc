#include "ashlar/verification/linearizability/internal/findings_report.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "ashlar/verification/linearizability/drawing.h"
#include "ashlar/verification/linearizability/findings.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability::internal {
namespace {

using testing::HasSubstr;

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

class FindingsReportTest : public testing::Test {
 protected:
  FindingsReportTest() {
    setenv("XML_OUTPUT_FILE", results_.c_str(), 1);
    setenv("TEST_UNDECLARED_OUTPUTS_DIR", testing::TempDir().c_str(), 1);
  }

  const std::string results_ = testing::TempDir() + "/results.xml";
  const std::string picture_ = testing::TempDir() + "/Queue.stress.svg";
};

TEST_F(FindingsReportTest, BazelGetsARowForEachObject) {
  FindingsReport report("stress");
  report.Add("Stack", 0.5, {{"operations", "7"}}, Findings(), "again");
  EXPECT_EQ(report.Finish(), 0);
  const std::string results = Contents(results_);
  EXPECT_THAT(results, HasSubstr("<testcase name=\"Stack\" classname=\"stress\" time=\"0.500\">"));
  EXPECT_THAT(results, HasSubstr("<property name=\"operations\" value=\"7\"/>"));
}

TEST_F(FindingsReportTest, OnlyWhatIsWrongIsDrawn) {
  FindingsReport report("stress");
  report.Add("Stack", 0.5, {}, Findings(), "again");
  EXPECT_FALSE(std::ifstream(picture_).good());

  Findings findings;
  findings.wrong = {"wrong history", Drawing()};
  testing::internal::CaptureStdout();
  report.Add("Queue", 0.5, {}, findings, "again");
  const std::string printed = testing::internal::GetCapturedStdout();
  EXPECT_THAT(printed, HasSubstr("FAILED: Queue\nwrong history\nTo see it again: again\n"));
  EXPECT_THAT(printed, HasSubstr("Drawn: " + picture_));
  EXPECT_THAT(Contents(picture_), HasSubstr("<svg"));
  EXPECT_EQ(report.Finish(), 1);
  EXPECT_THAT(Contents(results_), HasSubstr("<failure message=\"wrong history\""));
}

TEST_F(FindingsReportTest, RunsAgainAsItWasRun) {
  unsetenv("TEST_TARGET");
  EXPECT_EQ(Again("program", "--object=Stack"), "program --object=Stack");
  setenv("TEST_TARGET", "//a:test", 1);
  EXPECT_EQ(Again("program", "--object=Stack"), "bazel run //a:test -- --object=Stack");
  EXPECT_EQ(Again("program", ""), "bazel run //a:test");
}

TEST_F(FindingsReportTest, ANumberFromTheEnvironment) {
  unsetenv("ASHLAR_FOR_TEST");
  EXPECT_EQ(FromEnvironment("ASHLAR_FOR_TEST", 2), 2);
  setenv("ASHLAR_FOR_TEST", "0.5", 1);
  EXPECT_EQ(FromEnvironment("ASHLAR_FOR_TEST", 2), 0.5);
  setenv("ASHLAR_FOR_TEST", "5s", 1);
  EXPECT_EXIT(FromEnvironment("ASHLAR_FOR_TEST", 2), testing::ExitedWithCode(2),
              "ASHLAR_FOR_TEST: not a number: 5s");
}

}  // namespace
}  // namespace ashlar::verification::linearizability::internal
