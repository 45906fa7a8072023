#include "ashlar/verification/rc11/report/source_names.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/report/execution_for_test.h"
#include "ashlar/verification/rc11/report/source_files.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using O = Operation;

Operation Named(Verb verb, Operation operation) {
  operation.verb = verb;
  return operation;
}

TEST(MemberInTest, IsWhatTheMethodIsCalledOn) {
  const Operation load = O::Read(kAcquire, 0);
  EXPECT_EQ(MemberIn("return full_.load(kAcquire);", load), "full");
  EXPECT_EQ(MemberIn("x = previous->next.load(kAcquire);", load), "next");
  EXPECT_EQ(MemberIn("x = items_[bottom % size()].load(kRelaxed);", load), "items");
  EXPECT_EQ(MemberIn("x = node(i)->state().load(kRelaxed);", load), "state");
  EXPECT_EQ(MemberIn("x = full_\n      .load(kRelaxed);", load), "full");
  EXPECT_EQ(MemberIn("serving_.store(next_.load(kRelaxed) + 1);", load), "next");
  EXPECT_EQ(MemberIn("serving_.store(next_.load(kRelaxed) + 1);", O::Write(kRelaxed, 0, 1)),
            "serving");
}

TEST(MemberInTest, IsFoundForEveryKind) {
  EXPECT_EQ(MemberIn("data.Write() = 1;", O::Write(kPlain, 0, 0)), "data");
  EXPECT_EQ(MemberIn("return data.Read();", O::Read(kPlain, 0)), "data");
  EXPECT_EQ(MemberIn("n = next_.fetch_add(1);", Named(Verb::kFetchAdd, O::RmwRead(kRelaxed, 0))),
            "next");
  EXPECT_EQ(MemberIn("} while (!top_.compare_exchange_weak(top, node));",
                     Named(Verb::kCompareExchangeWeak, O::CompareRead(kRelaxed, kRelaxed, 0, 0))),
            "top");
}

TEST(MemberInTest, IsOfACall) {
  EXPECT_EQ(MemberIn("old = tail_.exchange(&me, orders.exchange);",
                     Named(Verb::kExchange, O::RmwRead(kRelaxed, 0))),
            "tail");
}

TEST(MemberInTest, IsNotGuessed) {
  const Operation load = O::Read(kAcquire, 0);
  EXPECT_EQ(MemberIn("", load), "");
  EXPECT_EQ(MemberIn("(index == 0 ? x : y).load();", load), "");
  EXPECT_EQ(MemberIn("return x.load() + y.load();", load), "") << "either";
  EXPECT_EQ(MemberIn("Payload(x); Foo(); full_.load();", load), "") << "another statement";
  EXPECT_EQ(MemberIn("full_.load_all();", load), "");
}

// A file in memory.
class FakeFiles : public SourceFiles {
 public:
  explicit FakeFiles(std::vector<std::string> lines) : lines_(std::move(lines)) {}

 protected:
  std::vector<std::string> Read(const std::string&) const override { return lines_; }

 private:
  const std::vector<std::string> lines_;
};

Operation AtLine(unsigned line, Operation operation) {
  operation.place = {.file = "list.h", .function = "Push", .line = line};
  return operation;
}

// Two nodes at 100 and 200, whose links are written, and a head that points to them.
class SourceNamesTest : public testing::Test {
 protected:
  SourceNamesTest()
      : graph_(FindExecution(
            {{AtLine(1, O::Write(kRelaxed, 0, 0)), AtLine(1, O::Write(kRelaxed, 1, 100)),
              AtLine(2, O::Write(kRelease, 2, 200)), AtLine(3, O::Read(kAcquire, 2))}},
            [](const Graph&) { return true; })) {}

  SourceNames Names(std::vector<NamedObject> objects) const {
    return SourceNames(*graph_, {100, 200, 8}, std::move(objects), files_);
  }

  const FakeFiles files_{{"node->next.store(old);", "  head_.store(node, kRelease);  ",
                          "node = head_.load(kAcquire);"}};
  const std::unique_ptr<Graph> graph_;
};

TEST_F(SourceNamesTest, PointersTellNodesApart) {
  const SourceNames names = Names({});
  EXPECT_EQ(names.Location(0), "A.next");
  EXPECT_EQ(names.Location(1), "B.next");
  EXPECT_EQ(names.Location(2), "head");
  EXPECT_EQ(names.Text(2, 100), "&A");
  EXPECT_EQ(names.Text(2, 200), "&B");
  EXPECT_EQ(names.Text(2, 0), "nullptr");
  EXPECT_EQ(names.Text(0, 0), "nullptr") << "the other `next` points somewhere";
}

TEST_F(SourceNamesTest, WhatTheProgramSaysComesFirst) {
  const SourceNames names =
      Names({{100, 16, "nodes[0]"}, {200, 16, "nodes[1]"}, {8, 1, "stack", true}});
  EXPECT_EQ(names.Location(0), "nodes[0].next");
  EXPECT_EQ(names.Location(1), "nodes[1].next");
  EXPECT_EQ(names.Location(2), "stack");
  EXPECT_EQ(names.Text(2, 100), "&nodes[0]");
  EXPECT_EQ(names.Text(2, 208), "&nodes[1]+8");
}

TEST_F(SourceNamesTest, LinesHaveNoBlanksAroundThem) {
  EXPECT_EQ(Names({}).Line({.file = "list.h", .function = "Push", .line = 2}),
            "head_.store(node, kRelease);");
  EXPECT_EQ(Names({}).Line({.file = "list.h", .function = "Push", .line = 99}), "");
}

TEST_F(SourceNamesTest, LargeNumbersAreAddressesOrBits) {
  EXPECT_EQ(Names({}).Text(2, -1), "-1");
  EXPECT_EQ(Names({}).Text(2, Value{0xabc} << 32), "0xabc00000000");
}

TEST_F(SourceNamesTest, WithoutSourcesTheyAreLetters) {
  const FakeFiles none({});
  const SourceNames names(*graph_, {100, 200, 8}, {}, none);
  EXPECT_EQ(names.Location(0), "A") << "what a pointer points to";
  EXPECT_EQ(names.Location(2), "z");
}

TEST(SourceFilesTest, KnowNothingOfFilesThatAreNotThere) {
  EXPECT_EQ(SourceFiles().Line("no/such/file.h", 1), "");
}

}  // namespace
}  // namespace ashlar::verification::rc11
