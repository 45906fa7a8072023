// interpreter.h
// -------------
// Interpreter: a litmus program that an explorer can run.
#ifndef ASHLAR_VERIFICATION_LITMUS_INTERPRETER_H_
#define ASHLAR_VERIFICATION_LITMUS_INTERPRETER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ashlar/verification/litmus/litmus_program.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::litmus {

class Interpreter : public rc11::Program {
 public:
  // `program` outlives it.
  explicit Interpreter(const LitmusProgram& program);

  int Threads() const override { return static_cast<int>(program_.threads.size()); }
  int Locations() const override { return static_cast<int>(program_.locations.size()); }
  rc11::Value Initial(int) const override { return 0; }
  void Restart() override;
  rc11::Operation Resume(int thread, rc11::Value value) override;
  bool Independent() const override { return true; }
  void RestartThread(int thread) override;

  // What a register holds where the thread is now.
  std::int64_t Register(int thread, int index) const { return threads_[thread].registers[index]; }

 private:
  struct Thread {
    std::size_t next = 0;  // statement
    enum class At : std::uint8_t { kBefore, kRunning, kStoring } at = At::kBefore;
    std::int64_t old_value = 0;  // kStoring: what the read-modify-write has read
    std::vector<std::int64_t> registers;
  };

  // Ends the statement that the thread runs, or yields its second operation.
  bool EndStatement(const Statement& statement, Thread* thread, rc11::Value value,
                    rc11::Operation* second);
  static rc11::Operation First(const Statement& statement, const Thread& thread);

  const LitmusProgram& program_;
  std::vector<Thread> threads_;
};

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_INTERPRETER_H_
