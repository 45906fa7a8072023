// Both drawings of one execution.
#include <memory>
#include <string>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/report/dot.h"
#include "ashlar/verification/rc11/report/execution_for_test.h"
#include "ashlar/verification/rc11/report/mermaid.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using testing::HasSubstr;
using O = Operation;

// A release, an acquire, and two writes that race with a read of the initial value.
class DrawingTest : public testing::Test {
 protected:
  DrawingTest() {
    graph_ = FindExecution({{O::Write(kRelease, 1, 1), O::Write(kPlain, 0, 1)},
                            {O::Read(kAcquire, 1), O::Read(kPlain, 0)}},
                           Reads({1, 0}));
    failure_.kind = Failure::Kind::kRace;
    failure_.first = graph_->ThreadAt(0, 1);
    failure_.second = graph_->ThreadAt(1, 1);
  }

  std::unique_ptr<Graph> graph_;
  Failure failure_;
};

TEST_F(DrawingTest, Dot) {
  EXPECT_EQ(Dot(*graph_, failure_), R"text(digraph execution {
  label="data race on x: T0's write and T1's read";
  labelloc=t;
  splines=true;
  node [shape=box, fontname=monospace];
  subgraph cluster_T0 {
    label=T0;
    e0 [label="1  y.store(1, release)"];
    e1 [label="4  x.Write() = 1", style=filled, fillcolor=salmon];
  }
  subgraph cluster_T1 {
    label=T1;
    e2 [label="2  y.load(acquire) -> 1"];
    e3 [label="3  x.Read() -> 0", style=filled, fillcolor=salmon];
  }
  e0 -> e2 [label=sw, color=blue, fontcolor=blue, constraint=false];
  e0 -> e2 [label=rf, color=forestgreen, fontcolor=forestgreen, constraint=false];
  e2 -> e3;
  e128 [shape=plaintext, label="x = 0"];
  e128 -> e3 [label=rf, color=forestgreen, fontcolor=forestgreen, constraint=false];
  e3 -> e1 [label=fr, color=red, fontcolor=red, constraint=false];
  e0 -> e1;
}
)text");
}

TEST_F(DrawingTest, Mermaid) {
  EXPECT_EQ(Mermaid(*graph_, failure_), R"text(flowchart TB
  subgraph T0
    e0["1  y.store(1, release)"]
    e1["4  x.Write() = 1"]
  end
  subgraph T1
    e2["2  y.load(acquire) -#gt; 1"]
    e3["3  x.Read() -#gt; 0"]
  end
  e0 -. sw .-> e2
  e0 -. rf .-> e2
  e2 --> e3
  e128(["x = 0"]) -. rf .-> e3
  e3 -. fr .-> e1
  e0 --> e1
  linkStyle 2,5 stroke:black
  linkStyle 1,3 stroke:forestgreen
  linkStyle 0 stroke:blue
  linkStyle 4 stroke:red
  style e3 fill:salmon
  style e1 fill:salmon
)text");
}

TEST(DrawingOfReadModifyWritesTest, TheyAreOneNode) {
  const auto graph = FindExecution({{O::RmwRead(kAcqRel, 0), O::RmwWrite(kAcqRel, 0, 1)},
                                    {O::RmwRead(kAcqRel, 0), O::RmwWrite(kAcqRel, 0, 2)}},
                                   Reads({0, 1}));
  const std::string text = Mermaid(*graph, Failure());
  const auto node = [&](int thread) { return "e" + std::to_string(graph->ThreadAt(thread, 0)); };
  EXPECT_THAT(text, HasSubstr(node(0) + " -. rf .-> " + node(1)));
  EXPECT_THAT(text, HasSubstr(node(0) + " -. mo .-> " + node(1)));
  EXPECT_THAT(text, HasSubstr(node(0) + " -. sw .-> " + node(1)));
  EXPECT_THAT(text, Not(HasSubstr("-. fr .-> " + node(1)))) << "to its own other half";
}

}  // namespace
}  // namespace ashlar::verification::rc11
