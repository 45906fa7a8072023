#include "ashlar/verification/rc11/report/execution_order.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "ashlar/verification/rc11/event_set.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/report/execution_for_test.h"
#include "ashlar/verification/rc11/script_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using O = Operation;

std::vector<int> Threads(const Graph& graph, const std::vector<Step>& steps) {
  std::vector<int> threads;
  for (const Step& step : steps) threads.push_back(graph[step.event].thread);
  return threads;
}

int Overtaken(const std::vector<Step>& steps) {
  return static_cast<int>(std::count_if(
      steps.begin(), steps.end(), [](const Step& step) { return step.overtaken != Graph::kNone; }));
}

TEST(ExecutionOrderTest, AnInterleavingIsShownAsOne) {
  const auto graph = FindExecution({{O::Write(kRelaxed, 0, 1), O::Read(kRelaxed, 1)},
                                    {O::Write(kRelaxed, 1, 1), O::Read(kRelaxed, 0)}},
                                   Reads({1, 0}));
  ASSERT_NE(graph, nullptr);
  const std::vector<Step> steps = ExecutionOrder(*graph);
  EXPECT_EQ(Threads(*graph, steps), (std::vector<int>{1, 1, 0, 0})) << "T1 reads before T0 writes";
  EXPECT_EQ(Overtaken(steps), 0);
  EXPECT_EQ(ContextSwitches(*graph, steps), 1);
}

TEST(ExecutionOrderTest, WeakMemoryIsOneOldValue) {
  const auto graph = FindExecution({{O::Write(kRelaxed, 0, 1), O::Read(kRelaxed, 1)},
                                    {O::Write(kRelaxed, 1, 1), O::Read(kRelaxed, 0)}},
                                   Reads({0, 0}));
  ASSERT_NE(graph, nullptr);
  const std::vector<Step> steps = ExecutionOrder(*graph);
  EXPECT_EQ(Threads(*graph, steps), (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(Overtaken(steps), 1);
  EXPECT_EQ(steps[3].overtaken, steps[0].event);
}

TEST(ExecutionOrderTest, AWriteThatLandsLateIsOvertaken) {
  const auto graph = FindExecution({{O::Write(kRelaxed, 0, 1), O::Write(kRelaxed, 1, 2)},
                                    {O::Write(kRelaxed, 1, 1), O::Write(kRelaxed, 0, 2)}},
                                   Ends({1, 1}));
  ASSERT_NE(graph, nullptr);
  const std::vector<Step> steps = ExecutionOrder(*graph);
  EXPECT_EQ(Overtaken(steps), 1);
}

TEST(ExecutionOrderTest, AReadModifyWriteIsOneStep) {
  const auto graph = FindExecution({{O::RmwRead(kRelaxed, 0), O::RmwWrite(kRelaxed, 0, 1)},
                                    {O::RmwRead(kRelaxed, 0), O::RmwWrite(kRelaxed, 0, 2)}},
                                   Reads({2, 0}));
  ASSERT_NE(graph, nullptr);
  const std::vector<Step> steps = ExecutionOrder(*graph);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].write, (*graph)[steps[1].event].reads_from);
  EXPECT_EQ(Overtaken(steps), 0);
}

// Every execution of a program, with few threads and with so many that the line is greedy.
void ExpectDependenciesFirst(std::vector<std::vector<Operation>> threads) {
  Script script(std::move(threads));
  int left = 100;
  Explore(script, {}, [&](const Graph& graph, bool) {
    EventSet done;
    for (const Step& step : ExecutionOrder(graph)) {
      EXPECT_TRUE((graph[step.event].porf - done).Empty());
      done.Insert(step.event);
      if (step.write != Graph::kNone) done.Insert(step.write);
    }
    EXPECT_EQ(done.Size(), graph.Size());
    return --left > 0;
  });
}

TEST(ExecutionOrderTest, WhatAnEventDependsOnComesFirst) {
  const std::vector<Operation> thread = {O::RmwRead(kAcqRel, 0),   O::RmwWrite(kAcqRel, 0, 1),
                                         O::Write(kRelaxed, 1, 1), O::Read(kRelaxed, 1),
                                         O::Fence(kSeqCst),        O::Read(kRelaxed, 0)};
  ExpectDependenciesFirst({thread, thread, thread});
  ExpectDependenciesFirst(std::vector<std::vector<Operation>>(8, thread));
}

}  // namespace
}  // namespace ashlar::verification::rc11
