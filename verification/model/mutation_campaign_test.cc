#include "ashlar/verification/model/mutation_campaign.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/platform/order_hook.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

const std::string kHeader = "file\tfunction\toperation\tordinal\tfrom\tto\tclaim\treason\n";
const std::string kEntry = "box.h\tClear\tstore\t1\trelease\trelaxed\t";

OperationSite Site(const char* file, const char* function, unsigned line) {
  OperationSite site;
  site.file = file;
  site.function = function;
  site.line = line;
  site.column = 1;
  return site;
}

// A program that goes wrong unless its load acquires, whose store need not release.
Outcome Explore(const Search& search, bool complete) {
  Outcome outcome;
  outcome.executions = 10;
  outcome.complete = complete && search.scheduler == Search::Scheduler::kExhaustive;
  OrderHook::Apply(kRelease, Operation::kStore, Site("box.h", "Clear", 7));
  OrderHook::Apply(kRelaxed, Operation::kLoad, Site("box.h", "Size", 9));
  if (OrderHook::Apply(kAcquire, Operation::kLoad, Site("box.h", "Take", 3)) != kAcquire) {
    outcome.failed = true;
    outcome.reason = "DATA RACE";
  }
  return outcome;
}

class MutationCampaignTest : public testing::Test {
 protected:
  MutationCampaignTest() {
    // Not over GoogleTest's own.
    if (const char* path = std::getenv("XML_OUTPUT_FILE")) xml_before_ = path;
    setenv("XML_OUTPUT_FILE", xml_.c_str(), 1);
  }
  ~MutationCampaignTest() override {
    if (xml_before_.empty()) {
      unsetenv("XML_OUTPUT_FILE");
    } else {
      setenv("XML_OUTPUT_FILE", xml_before_.c_str(), 1);
    }
  }

  // The exit status with a list of `rows`.
  int RunWith(const std::string& rows, std::vector<std::string> arguments = {}) {
    std::ofstream(list_) << kHeader << rows;
    arguments.insert(arguments.begin(), {"test", "--survivors=" + list_});
    return RunTest(std::move(arguments), {{"Box", 2, explore_, explore_}});
  }
  int RunTest(std::vector<std::string> arguments, const std::vector<Scenario>& scenarios) {
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = RunMutationTest(static_cast<int>(argv.size()), argv.data(), scenarios);
    output_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return status;
  }
  std::string Xml() const {
    std::ifstream file(xml_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  std::function<Outcome(const Search&)> explore_ = [](const Search& s) { return Explore(s, true); };
  const std::string list_ = testing::TempDir() + "/survivors.tsv";
  std::string output_;
  std::string error_;

 private:
  const std::string xml_ = testing::TempDir() + "/mutation_campaign_test.xml";
  std::string xml_before_;
};

TEST_F(MutationCampaignTest, PassesWhenAllAreKilledOrListed) {
  EXPECT_EQ(RunWith(kEntry + "equivalent\tnobody reads it\n"), 0);
  EXPECT_THAT(output_,
              AllOf(HasSubstr("box.h:3 load in Take (1)"),
                    HasSubstr("killed by Box (random) after 10: DATA RACE"),
                    HasSubstr("equivalent: nobody reads it [RC11: none of all 10 executions fails"),
                    HasSubstr("2 mutants: 1 killed, 1 accepted, 0 survived; score 100.0 %")));
}

TEST_F(MutationCampaignTest, ASurvivorThatIsNotListedFails) {
  EXPECT_EQ(RunWith(""), 1);
  EXPECT_THAT(output_, AllOf(HasSubstr("SURVIVED [RC11: none of all 10 executions fails]"),
                             HasSubstr("1 survived; score 50.0 %"),
                             HasSubstr("\n" + kEntry + "CLAIM\tREASON\n")));
  EXPECT_EQ(RunTest({"test"}, {{"Box", 2, explore_, explore_}}), 1) << "nor is there a list";
}

TEST_F(MutationCampaignTest, AClaimOfEquivalenceNeedsAllExecutions) {
  explore_ = [](const Search& search) { return Explore(search, false); };
  EXPECT_EQ(RunWith(kEntry + "equivalent\tnobody reads it\n"), 1);
  EXPECT_THAT(output_, AllOf(HasSubstr("SURVIVED: listed as equivalent"),
                             HasSubstr("[RC11: none of the first 10 executions fails]"),
                             HasSubstr("score 50.0 %")));
  EXPECT_EQ(RunWith(kEntry + "unseen\tnobody reads it\n"), 0);
}

TEST_F(MutationCampaignTest, AClaimOfEquivalenceNeedsRc11) {
  std::ofstream(list_) << kHeader << kEntry << "equivalent\tnobody reads it\n";
  EXPECT_EQ(RunTest({"test", "--survivors=" + list_}, {{"Box", 2, explore_, nullptr}}), 1);
  EXPECT_EQ(
      RunTest({"test", "--survivors=" + list_, "--executions=0"}, {{"Box", 2, explore_, explore_}}),
      1);
  EXPECT_THAT(output_, HasSubstr("RC11 has not explored it"));
}

TEST_F(MutationCampaignTest, AnEntryThatIsNotNeededFails) {
  const std::string needed = kEntry + "equivalent\tnobody reads it\n";
  EXPECT_EQ(RunWith(needed + "box.h\tTake\tload\t1\tacquire\trelaxed\tunseen\tit is killed\n"), 1);
  EXPECT_THAT(output_, HasSubstr("STALE " + list_ + ":3: this mutant is killed"));
  EXPECT_EQ(RunWith(needed + "box.h\tTake\tload\t2\tacquire\trelaxed\tunseen\tnot there\n"), 1);
  EXPECT_THAT(output_, HasSubstr("STALE " + list_ + ":3: there is no such mutant"));
}

TEST_F(MutationCampaignTest, AListThatIsNoneFails) {
  EXPECT_EQ(RunWith("box.h\tTake\n"), 1);
  EXPECT_EQ(error_, list_ + ":2:11: 2 columns instead of 8\n");
  EXPECT_EQ(RunTest({"test", "--survivors=/nonexistent"}, {{"Box", 2, explore_, explore_}}), 1);
  EXPECT_EQ(error_, "cannot read /nonexistent\n");
}

TEST_F(MutationCampaignTest, ScenariosHaveToPassAsTheyAre) {
  explore_ = [](const Search& search) {
    Outcome outcome = Explore(search, true);
    outcome.failed = true;
    outcome.reason = "DEADLOCK";
    return outcome;
  };
  EXPECT_EQ(RunWith(""), 1);
  EXPECT_THAT(output_, AllOf(HasSubstr("FAILED without a mutation: Box (random): DEADLOCK"),
                             Not(HasSubstr("mutants"))));
}

TEST_F(MutationCampaignTest, ThereHasToBeSomethingToMutate) {
  EXPECT_EQ(RunTest({"test"}, {{"Idle", 1, [](const Search&) { return Outcome(); }, nullptr}}), 1);
  EXPECT_THAT(output_, HasSubstr("no operation in a header"));
}

TEST_F(MutationCampaignTest, HeadersMayBeTestedElsewhere) {
  explore_ = [](const Search& search) {
    OrderHook::Apply(kAcquire, Operation::kLoad, Site("part.h", "Get", 1));
    OrderHook::Apply(kAcquire, Operation::kLoad, Site("other.h", "Get", 1));
    return Explore(search, true);
  };
  const std::string entry = kEntry + "equivalent\tnobody reads it\n";
  EXPECT_EQ(RunWith(entry), 1);
  EXPECT_EQ(RunWith(entry, {"--elsewhere=part.h,other.h"}), 0);
  EXPECT_THAT(output_ + Xml(), Not(AnyOf(HasSubstr("part.h"), HasSubstr("other.h"))));
  EXPECT_EQ(RunWith(entry, {"--elsewhere=part.h,others.h"}), 1);
  EXPECT_THAT(output_, HasSubstr("no operation in others.h"));
}

TEST_F(MutationCampaignTest, OneMutantCanBeShown) {
  EXPECT_EQ(RunWith("", {"--mutant=1"}), 0);
  EXPECT_THAT(output_, AllOf(HasSubstr("  1  box.h:3"), Not(HasSubstr("box.h:7"))));
  EXPECT_EQ(RunWith("", {"--mutant=2"}), 1) << "it survived";
  EXPECT_EQ(RunWith("", {"--mutant=3"}), 2);
  EXPECT_EQ(RunWith("", {"--mutants=1"}), 2);
}

TEST_F(MutationCampaignTest, BazelGetsMutantsPlacesAndStaleEntries) {
  EXPECT_EQ(RunWith("box.h\tTake\tload\t1\tacquire\trelaxed\tunseen\tit is killed\n"), 1);
  EXPECT_THAT(
      Xml(),
      AllOf(
          HasSubstr("name=\"box.h:3 load in Take (1) acquire -&gt; relaxed\" classname=\"mutant\""),
          HasSubstr("<property name=\"verdict\" value=\"killed\"/>"),
          HasSubstr("<property name=\"by\" value=\"Box\"/>"),
          HasSubstr("<property name=\"verdict\" value=\"survived\"/>"),
          HasSubstr("<failure message=\"SURVIVED [RC11: none of all 10 executions fails]\"/>"),
          HasSubstr("name=\"box.h:9 load in Size (1)\" classname=\"place\""),
          HasSubstr("<property name=\"order\" value=\"relaxed\"/>"),
          HasSubstr("classname=\"survivor\""), HasSubstr("failures=\"2\"")));
  EXPECT_EQ(RunWith(kEntry + "equivalent\tnobody reads it\n"), 0);
  EXPECT_THAT(Xml(), AllOf(HasSubstr("<property name=\"claim\" value=\"equivalent\"/>"),
                           HasSubstr("<property name=\"reason\" value=\"nobody reads it\"/>"),
                           HasSubstr("failures=\"0\"")));
}

}  // namespace
}  // namespace ashlar::verification
