// What an exploration can do besides exploring all: bounds, progress, several threads, going
// on where it was stopped, bringing one execution back.
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ashlar/verification/litmus/interpreter.h"
#include "ashlar/verification/litmus/parser.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/execution_hash.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/options.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/script_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using Hashes = std::multiset<std::uint64_t>;
using Status = Result::Status;

constexpr int kX = 0;

// Many revisits; writes and reads without any; fences and failing compare-exchanges.
constexpr const char* kPrograms[] = {
    "A.rlx x 1 a || A.rlx x 1 a || A.rlx x 1 a || A.rlx x 1 a || A.rlx x 1 a || A.rlx x 1 a",
    "W.rlx x 1; R.rlx y a; R.rlx x b || W.rlx x 2; R.rlx z a; R.rlx x b || W.rlx y 1; W.rlx z 1 "
    "|| W.rlx y 2; W.rlx z 2 || W.rlx y 3; W.rlx z 3",
    "C.ar.acq x 0 1 a; F.sc; W.rel y a || C.ar.acq x 0 2 a; F.sc; R.rlx y b || A.ar x 1 c; R.acq y "
    "d || W.sc x 0; R.sc y e || R.rlx x f; W.rlx y 3",
};

litmus::LitmusProgram Parse(const std::string& text) {
  litmus::ParseError error;
  auto program = litmus::Parse(text, &error);
  EXPECT_TRUE(program.has_value()) << error.message;
  return program ? *program : litmus::LitmusProgram();
}

Result ExploreHashes(Program& program, const Options& options, Hashes* hashes) {
  return Explore(program, options, [hashes](const Graph& graph, bool) {
    hashes->insert(ExecutionHash(graph));
    return true;
  });
}

TEST(ExplorationTest, SeveralThreadsExploreWhatOneDoes) {
  for (const char* text : kPrograms) {
    const litmus::LitmusProgram program = Parse(text);
    litmus::Interpreter interpreter(program);
    Hashes one;
    const Result alone = ExploreHashes(interpreter, {}, &one);
    EXPECT_GT(alone.executions, 300u);
    for (int threads = 1; threads <= 4; ++threads) {
      Hashes several;
      const Result result =
          Explore([&] { return std::make_unique<litmus::Interpreter>(program); }, threads, {},
                  [&](const Graph& graph, bool) {
                    several.insert(ExecutionHash(graph));
                    return true;
                  });
      EXPECT_EQ(result.status, Status::kComplete);
      EXPECT_EQ(result.executions, alone.executions);
      EXPECT_EQ(result.steps, alone.steps);
      EXPECT_EQ(result.revisits, alone.revisits);
      EXPECT_EQ(several, one);
    }
  }
}

TEST(ExplorationTest, GoesOnWhereItWasStopped) {
  for (const char* text : kPrograms) {
    const litmus::LitmusProgram program = Parse(text);
    litmus::Interpreter interpreter(program);
    Hashes one;
    const Result alone = ExploreHashes(interpreter, {}, &one);
    Options options;
    options.checkpoint = true;
    options.max_executions = 100;
    Hashes parts;
    Result part;
    int stops = 0;
    do {
      part = ExploreHashes(interpreter, options, &parts);
      EXPECT_EQ(part.executions, parts.size());
      EXPECT_EQ(part.status == Status::kStopped, !part.checkpoint.empty());
      options.resume = part.checkpoint;
      ++stops;
    } while (!part.checkpoint.empty());
    EXPECT_EQ(part.status, Status::kComplete);
    EXPECT_EQ(part.executions, alone.executions);
    EXPECT_EQ(part.revisits, alone.revisits);
    EXPECT_EQ(parts, one);
    EXPECT_GE(stops, 4);
  }
}

TEST(ExplorationTest, StopsWhenTimeIsUp) {
  const litmus::LitmusProgram program = Parse(kPrograms[0]);
  litmus::Interpreter interpreter(program);
  Options options;
  options.max_time = std::chrono::nanoseconds(1);
  options.checkpoint = true;
  const Result part = Explore(interpreter, options);
  EXPECT_EQ(part.status, Status::kStopped);
  EXPECT_LT(part.executions, 720u);
  EXPECT_EQ(part.bounds.max_time, options.max_time);
  Options rest;
  rest.resume = part.checkpoint;
  EXPECT_EQ(Explore(interpreter, rest).executions, 720u);
}

TEST(ExplorationTest, SeveralThreadsStopAndGoOn) {
  const litmus::LitmusProgram program = Parse(kPrograms[1]);
  const ProgramFactory factory = [&] { return std::make_unique<litmus::Interpreter>(program); };
  Options options;
  options.checkpoint = true;
  options.max_executions = 500;
  const Result part = Explore(factory, 3, options);
  EXPECT_EQ(part.status, Status::kStopped);
  EXPECT_GE(part.executions, 500u);
  EXPECT_LT(part.executions, 2304u);
  Options rest;
  rest.resume = part.checkpoint;
  EXPECT_EQ(Explore(factory, 3, rest).executions, 2304u);
}

TEST(ExplorationTest, RefusesACheckpointOfSomethingElse) {
  const litmus::LitmusProgram program = Parse(kPrograms[0]);
  litmus::Interpreter interpreter(program);
  Options options;
  options.checkpoint = true;
  options.max_executions = 10;
  const std::string checkpoint = Explore(interpreter, options).checkpoint;
  const auto status = [](Program& any, const std::string& text, Model model = Model::kRc11) {
    Options resume;
    resume.resume = text;
    resume.model = model;
    return Explore(any, resume).status;
  };
  EXPECT_EQ(status(interpreter, checkpoint), Status::kComplete);
  EXPECT_EQ(status(interpreter, checkpoint, Model::kSc), Status::kUnreadable);
  EXPECT_EQ(status(interpreter, "rc11-checkpoint-2"), Status::kUnreadable);
  EXPECT_EQ(status(interpreter, checkpoint + "0.5 0q"), Status::kUnreadable);
  EXPECT_EQ(status(interpreter, checkpoint + "what"), Status::kUnreadable);
  const litmus::LitmusProgram other = Parse("R.rlx x a || W.rlx x 1");
  litmus::Interpreter other_interpreter(other);
  EXPECT_EQ(status(other_interpreter, checkpoint), Status::kUnreadable);
}

TEST(ExplorationTest, BringsAnyExecutionBack) {
  for (const char* text : kPrograms) {
    const litmus::LitmusProgram program = Parse(text);
    litmus::Interpreter interpreter(program);
    std::vector<std::pair<std::string, std::uint64_t>> executions;
    Explore(interpreter, {}, [&](const Graph& graph, bool) {
      executions.emplace_back(Token(graph), ExecutionHash(graph));
      return true;
    });
    for (const auto& [token, hash] : executions) {
      Options options;
      options.token = token;
      Hashes found;
      const Result result = ExploreHashes(interpreter, options, &found);
      ASSERT_EQ(result.status, Status::kComplete) << token;
      ASSERT_EQ(found, Hashes{hash}) << token;
    }
  }
}

TEST(ExplorationTest, BringsAFailureBack) {
  Script script({{Operation::Write(kPlain, kX, 1), Operation::Write(kRelaxed, kX, 2)},
                 {Operation::Read(kPlain, kX), Operation::Fence(kSeqCst)}});
  std::vector<Failure> failures;
  std::vector<std::string> tokens;
  Options options;
  options.on_failure = [&](const Graph& graph, const Failure& failure) {
    failures.push_back(failure);
    tokens.push_back(Token(graph));
    return true;
  };
  const Result result = Explore(script, options);
  ASSERT_GE(tokens.size(), 2u);
  EXPECT_EQ(result.token, tokens[0]);
  const std::vector<std::string> all = tokens;
  for (const std::string& token : all) {
    tokens.clear();
    options.token = token;
    const Result again = Explore(script, options);
    EXPECT_EQ(again.failures, 1u) << token;
    EXPECT_EQ(tokens, std::vector<std::string>{token});
    EXPECT_EQ(failures.back().kind, Failure::Kind::kRace);
  }
  options.token = "0wi.0ri";
  EXPECT_EQ(Explore(script, options).status, Status::kUnreadable);
}

TEST(ExplorationTest, CutsExecutionsShort) {
  Script script({{Operation::Write(kRelaxed, kX, 1), Operation::Write(kRelaxed, kX, 2)},
                 {Operation::Read(kRelaxed, kX), Operation::Read(kRelaxed, kX)}});
  Options options;
  options.max_events = 3;
  const Result result = Explore(script, options);
  EXPECT_EQ(result.status, Status::kComplete);
  EXPECT_EQ(result.executions, 0u);
  EXPECT_GT(result.cut, 0u);
  EXPECT_EQ(result.failures, 0u);
  EXPECT_EQ(result.bounds.max_events, 3);
  options.max_events = 4;
  EXPECT_EQ(Explore(script, options).cut, 0u);
}

TEST(ExplorationTest, EstimatesTheWhole) {
  for (const char* text : kPrograms) {
    const litmus::LitmusProgram program = Parse(text);
    litmus::Interpreter interpreter(program);
    std::vector<Progress> told;
    Options options;
    options.progress_interval = std::chrono::nanoseconds(0);
    options.on_progress = [&](const Progress& progress) { told.push_back(progress); };
    const Result result = Explore(interpreter, options);
    ASSERT_GE(told.size(), 3u);
    double share = 0;
    for (const Progress& progress : told) {
      EXPECT_GE(progress.share, share);
      share = progress.share;
    }
    EXPECT_NEAR(share, 1, 1e-6);
    EXPECT_EQ(told.back().executions, result.executions);
    // It is right at the end, and within two orders of magnitude from the middle on.
    const auto executions = static_cast<double>(result.executions);
    EXPECT_NEAR(told.back().EstimatedExecutions(), executions, 0.01 * executions);
    const double estimate = told[told.size() / 2].EstimatedExecutions();
    EXPECT_GT(estimate, executions / 100);
    EXPECT_LT(estimate, executions * 100);
  }
}

}  // namespace
}  // namespace ashlar::verification::rc11
