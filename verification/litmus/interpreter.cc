#include "ashlar/verification/litmus/interpreter.h"

#include <algorithm>

namespace ashlar::verification::litmus {

using rc11::Operation;
using rc11::Value;

Interpreter::Interpreter(const LitmusProgram& program)
    : program_(program), threads_(program.threads.size()) {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    threads_[i].registers.resize(program.threads[i].registers.size());
  }
}

void Interpreter::Restart() {
  for (std::size_t i = 0; i < threads_.size(); ++i) RestartThread(static_cast<int>(i));
}

void Interpreter::RestartThread(int index) {
  Thread& thread = threads_[index];
  thread.next = 0;
  thread.at = Thread::At::kBefore;
  std::fill(thread.registers.begin(), thread.registers.end(), 0);
}

Operation Interpreter::Resume(int index, Value value) {
  Thread& thread = threads_[index];
  const std::vector<Statement>& statements = program_.threads[index].statements;
  if (thread.at != Thread::At::kBefore) {
    Operation second;
    if (!EndStatement(statements[thread.next], &thread, value, &second)) return second;
    thread.at = Thread::At::kBefore;
    ++thread.next;
  }
  const std::int64_t* const registers = thread.registers.data();
  for (; thread.next < statements.size(); ++thread.next) {
    const Statement& statement = statements[thread.next];
    if (!statement.guard.Empty() && statement.guard.Evaluate(registers) == 0) continue;
    thread.at = Thread::At::kRunning;
    return First(statement, thread);
  }
  return Operation();
}

Operation Interpreter::First(const Statement& statement, const Thread& thread) {
  const std::int64_t* const registers = thread.registers.data();
  switch (statement.kind) {
    case Statement::Kind::kRead:
      return Operation::Read(statement.order, statement.location);
    case Statement::Kind::kWrite:
      return Operation::Write(statement.order, statement.location,
                              statement.operand.Evaluate(registers));
    case Statement::Kind::kFetchAdd:
    case Statement::Kind::kExchange:
      return Operation::RmwRead(statement.order, statement.location);
    case Statement::Kind::kCompareExchange:
      return Operation::CompareRead(statement.order, statement.failure, statement.location,
                                    statement.expected.Evaluate(registers));
    default:
      return Operation::Fence(statement.order);
  }
}

bool Interpreter::EndStatement(const Statement& statement, Thread* thread, Value value,
                               Operation* second) {
  std::int64_t* const registers = thread->registers.data();
  if (thread->at == Thread::At::kStoring) {
    registers[statement.target] = thread->old_value;
    return true;
  }
  switch (statement.kind) {
    case Statement::Kind::kWrite:
    case Statement::Kind::kFence:
      return true;
    case Statement::Kind::kRead:
      registers[statement.target] = value;
      return true;
    case Statement::Kind::kCompareExchange:
      if (value != statement.expected.Evaluate(registers)) {
        registers[statement.target] = value;
        return true;
      }
      break;
    default:
      break;
  }
  std::int64_t desired = statement.operand.Evaluate(registers);
  if (statement.kind == Statement::Kind::kFetchAdd) {
    desired = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) +
                                        static_cast<std::uint64_t>(desired));
  }
  thread->at = Thread::At::kStoring;
  thread->old_value = value;
  *second = Operation::RmwWrite(statement.order, statement.location, desired);
  return false;
}

}  // namespace ashlar::verification::litmus
