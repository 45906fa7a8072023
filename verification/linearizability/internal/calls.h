// calls.h
// -------
// Programs of a described object (object.h): what each thread calls, chosen in every way or
// at random.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CALLS_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CALLS_H_

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability::internal {

template <class D>
using CallsOf = std::vector<CallOf<D>>;
template <class D>
using ProgramOf = std::vector<CallsOf<D>>;  // of each thread

// All that `thread` may call, `count` calls; fewer only where it may call no more.
template <Described D>
std::vector<CallsOf<D>> AllCalls(int thread, int count) {
  std::vector<CallsOf<D>> all = {{}};
  for (int i = 0; i < count; ++i) {
    std::vector<CallsOf<D>> longer;
    for (const CallsOf<D>& made : all) {
      const CallsOf<D> next = D::Calls(thread, made);
      for (const CallOf<D>& call : next) {
        longer.push_back(made);
        longer.back().push_back(call);
      }
      if (next.empty()) longer.push_back(made);
    }
    all = std::move(longer);
  }
  return all;
}

// All in which each thread makes so many calls.
template <Described D>
std::vector<ProgramOf<D>> AllPrograms(const std::vector<int>& counts) {
  std::vector<ProgramOf<D>> all = {{}};
  for (std::size_t thread = 0; thread < counts.size(); ++thread) {
    const auto calls = AllCalls<D>(static_cast<int>(thread), counts[thread]);
    std::vector<ProgramOf<D>> wider;
    for (const ProgramOf<D>& program : all) {
      for (const CallsOf<D>& of_thread : calls) {
        wider.push_back(program);
        wider.back().push_back(of_thread);
      }
    }
    all = std::move(wider);
  }
  return all;
}

using Random = std::minstd_rand;

inline int Choose(Random& random, int count) {
  return std::uniform_int_distribution<int>(0, count - 1)(random);
}

template <Described D>
ProgramOf<D> RandomProgram(const std::vector<int>& counts, Random& random) {
  ProgramOf<D> program(counts.size());
  for (std::size_t thread = 0; thread < counts.size(); ++thread) {
    CallsOf<D>& made = program[thread];
    for (int i = 0; i < counts[thread]; ++i) {
      const CallsOf<D> next = D::Calls(static_cast<int>(thread), made);
      if (next.empty()) break;
      made.push_back(next[Choose(random, static_cast<int>(next.size()))]);
    }
  }
  return program;
}

// "thread 0: Push(1) Pop()", a line for each.
template <Described D>
std::string ProgramText(const ProgramOf<D>& program, int variant) {
  const auto specification = typename D::Specification();
  std::string text;
  if (Variants<D>() > 1) text += "variant " + std::to_string(variant) + "\n";
  for (std::size_t thread = 0; thread < program.size(); ++thread) {
    text += "thread " + std::to_string(thread) + ":";
    for (const CallOf<D>& call : program[thread]) {
      const std::string word = TextOf(specification, call);
      text += " " + (word.empty() ? "call" : word);
    }
    text += "\n";
  }
  return text;
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CALLS_H_
