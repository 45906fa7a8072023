// calls.h
// -------
// Programs of a described object (object.h): what each thread calls, chosen in every way or
// at random.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CALLS_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CALLS_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/random.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability::internal {

template <Specification S>
using CallsOf = std::vector<typename S::Call>;
template <Specification S>
using ProgramOf = std::vector<CallsOf<S>>;  // of each thread

// Appends all programs that begin with `program`, of the threads before the last and so far of the
// last, and in which each thread makes so many calls; fewer only where it may call no more.
template <Specification S>
void AddPrograms(const Description<S>& description, const std::vector<int>& counts,
                 ProgramOf<S>& program, std::vector<ProgramOf<S>>& all) {
  const std::size_t thread = program.size() - 1;
  CallsOf<S> next;
  if (static_cast<int>(program[thread].size()) < counts[thread]) {
    next = description.calls(static_cast<int>(thread), program[thread]);
  }
  for (const typename S::Call& call : next) {
    program[thread].push_back(call);
    AddPrograms(description, counts, program, all);
    program[thread].pop_back();
  }
  if (!next.empty()) return;
  if (program.size() == counts.size()) {
    all.push_back(program);
    return;
  }
  program.emplace_back();
  AddPrograms(description, counts, program, all);
  program.pop_back();
}

// All in which each thread makes so many calls.
template <Specification S>
std::vector<ProgramOf<S>> AllPrograms(const Description<S>& description,
                                      const std::vector<int>& counts) {
  std::vector<ProgramOf<S>> all;
  ProgramOf<S> program(1);
  AddPrograms(description, counts, program, all);
  return all;
}

template <Specification S>
ProgramOf<S> RandomProgram(const Description<S>& description, const std::vector<int>& counts,
                           Random& random) {
  ProgramOf<S> program(counts.size());
  for (std::size_t thread = 0; thread < counts.size(); ++thread) {
    CallsOf<S>& made = program[thread];
    for (int i = 0; i < counts[thread]; ++i) {
      const CallsOf<S> next = description.calls(static_cast<int>(thread), made);
      if (next.empty()) break;
      made.push_back(next[random.Below(next.size())]);
    }
  }
  return program;
}

// "variant 1\n", if there are several.
std::string VariantText(int variants, int variant);

// "thread 0: Push(1) Pop()", a line for each.
template <Specification S>
std::string ProgramText(const S& specification, const ProgramOf<S>& program) {
  std::string text;
  for (std::size_t thread = 0; thread < program.size(); ++thread) {
    text += "thread " + std::to_string(thread) + ":";
    for (const typename S::Call& call : program[thread])
      text += " " + CallText(specification, call);
    text += "\n";
  }
  return text;
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CALLS_H_
