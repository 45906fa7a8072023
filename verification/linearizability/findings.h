// findings.h
// ----------
// Findings: how much of an object (object.h) was tested, and what was found; and how much to
// test.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_FINDINGS_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_FINDINGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/verification/linearizability/drawing.h"

namespace ashlar::verification::linearizability {

// What is wrong with an object.
struct Wrong {
  std::string text;                // for a terminal
  std::optional<Drawing> drawing;  // of the history, if that is what is wrong
  std::uint64_t program = 0;       // explored: its number, from 1
};

struct Findings {
  std::uint64_t programs = 0;     // what threads call
  std::uint64_t executions = 0;   // of those
  std::uint64_t histories = 0;    // that differ, of a program's executions
  std::uint64_t operations = 0;   // calls made, in all executions
  std::uint64_t overlapping = 0;  // with real threads: of these, while another thread's ran
  bool complete = false;          // every execution of every program
  std::optional<Wrong> wrong;     // the first; it ended the test
};

// Programs that are explored: all with so many calls of each thread.
struct Shape {
  std::vector<int> calls;
  // How many sleeps may end for no reason, times run out, or weak compare-exchanges fail, in
  // an execution: rc11::Options::max_accidents.
  int accidents = 1;
};

// Which programs are explored, and how far.
struct Exploration {
  bool deep = false;
  std::uint64_t only_program = 0;             // the number of the only one, from 1
  std::uint64_t max_executions = 10'000'000;  // of a program
};

struct Stress {
  double seconds = 1;
  std::uint32_t seed = 1;
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_FINDINGS_H_
