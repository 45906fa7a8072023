// script_for_test.h
// -----------------
// Script: a program whose threads do the same operations whatever they read.
#ifndef ASHLAR_VERIFICATION_RC11_SCRIPT_FOR_TEST_H_
#define ASHLAR_VERIFICATION_RC11_SCRIPT_FOR_TEST_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

class Script : public Program {
 public:
  explicit Script(std::vector<std::vector<Operation>> threads, Value initial = 0)
      : threads_(std::move(threads)), next_(threads_.size()), initial_(initial) {}

  int Threads() const override { return static_cast<int>(threads_.size()); }
  int Locations() const override { return 3; }
  Value Initial(int) const override { return initial_; }
  void Restart() override { next_.assign(threads_.size(), 0); }
  Operation Resume(int thread, Value) override {
    const std::size_t next = next_[thread]++;
    return next < threads_[thread].size() ? threads_[thread][next] : Operation();
  }

 private:
  const std::vector<std::vector<Operation>> threads_;
  std::vector<std::size_t> next_;
  const Value initial_;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_SCRIPT_FOR_TEST_H_
