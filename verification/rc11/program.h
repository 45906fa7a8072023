// program.h
// ---------
// Program: what the explorer drives. Threads that yield one operation after another.
//
// A thread is deterministic: what it does next depends on nothing but the values that
// its reads were given. So the explorer can bring a program to any point of any
// execution: it restarts it, and hands each thread its values again.
//
//   program.Restart();
//   Operation first = program.Resume(0, 0);      // thread 0 runs to its first operation
//   Operation second = program.Resume(0, 42);    // that was a read, and it read 42
//
// A read-modify-write is two operations: a read, and a write that the thread yields
// right after it, or after a choice. A compare-exchange yields the write only if it read
// what it expected.
#ifndef ASHLAR_VERIFICATION_RC11_PROGRAM_H_
#define ASHLAR_VERIFICATION_RC11_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/rc11/failure.h"

namespace ashlar::verification::rc11 {

using Value = std::int64_t;

class Graph;

enum class Order : std::uint8_t {
  kPlain,
  kRelaxed,
  kAcquire,
  kRelease,
  kAcqRel,
  kSeqCst,
  // Of fences only, the asymmetric ones: see axioms.h. A heavy fence is a seq_cst fence
  // too. A light one is nothing but to heavy ones.
  kLight,
  kHeavy,
};

constexpr bool IsSeqCst(Order order) { return order == Order::kSeqCst || order == Order::kHeavy; }
constexpr bool IsAcquire(Order order) {
  return order == Order::kAcquire || order == Order::kAcqRel || IsSeqCst(order);
}
constexpr bool IsRelease(Order order) {
  return order == Order::kRelease || order == Order::kAcqRel || IsSeqCst(order);
}
constexpr bool IsAsymmetric(Order order) {
  return order == Order::kLight || order == Order::kHeavy;
}

enum class OperationKind : std::uint8_t {
  kDone,  // the thread has ended
  kRead,
  kWrite,
  kFence,
  // The thread retries what it did since its last write, until it reads something else.
  // Its read of an old value may still turn into one of a new value; if none does, it
  // stays here, and the execution counts as blocked. Resume() lets it retry (liveness.h).
  kSpin,
  kFail,  // the thread found that the execution is wrong
  // What may come out in several ways that no memory decides: each is explored.
  kChoice,
};

// What an operation is, where its kind does not say it: a read-modify-write in the words of
// the source, or what the platform does behind an object's back.
enum class Verb : std::uint8_t {
  kNone,
  kExchange,
  kFetchAdd,
  kFetchSub,
  kFetchAnd,
  kFetchOr,
  kFetchXor,
  kCompareExchangeStrong,
  kCompareExchangeWeak,
  kConstruct,  // the write that begins an object's life, and the one that ends it
  kDestroy,
  kWait,   // the look at the word before a thread sleeps
  kSleep,  // on the queue of those that sleep: a thread goes to sleep, wakes others,
  kWake,
  kAwake,  // and finds that it was woken
  kLock,
  kUnlock,
  kStart,  // a thread starts another, and begins and ends itself; another waits for its end
  kBegin,
  kEnd,
  kJoin,
};

struct Operation {
  OperationKind kind = OperationKind::kDone;
  Order order = Order::kPlain;    // kPlain is data that is not atomic
  Order failure = Order::kPlain;  // of a compare-exchange
  bool rmw = false;               // one half of a read-modify-write
  bool compare = false;           // the read of a compare-exchange, which expects `value`
  bool await = false;             // see Await()
  // A half of the read-modify-write by which a thread goes to sleep, because of what it has
  // read right before: see QueueOrder in axioms.h.
  bool sleeps = false;
  // Further ways in which it may come out, for a read only if it reads what it expects: a
  // weak compare-exchange may fail all the same. Program::Choose() hears of it.
  std::uint8_t choices = 0;
  bool accident = false;      // any but the first way counts: see Options::max_accidents
  std::uint8_t location = 0;  // 0, 1, ...
  Verb verb = Verb::kNone;    // for reports
  Value value = 0;            // what is written, or expected
  SourceSite place = {};      // for reports

  static constexpr Operation Read(Order order, std::uint8_t location) {
    return {.kind = OperationKind::kRead, .order = order, .location = location};
  }
  static constexpr Operation Write(Order order, std::uint8_t location, Value value) {
    return {.kind = OperationKind::kWrite, .order = order, .location = location, .value = value};
  }
  static constexpr Operation Fence(Order order) {
    return {.kind = OperationKind::kFence, .order = order};
  }
  static constexpr Operation Choice(std::uint8_t ways) {
    return {.kind = OperationKind::kChoice, .choices = static_cast<std::uint8_t>(ways - 1)};
  }
  // Waits until none of the bits of `mask` is set in the newest value, and reads the first
  // write since which that has been so. Once it is so it must stay so, for as long as this
  // thread waits: then there is nothing to choose, and nothing to revisit. A thread that
  // begins with it and waits for ever was never started.
  static constexpr Operation Await(Order order, std::uint8_t location, Value mask) {
    return {.kind = OperationKind::kRead,
            .order = order,
            .await = true,
            .location = location,
            .value = mask};
  }
  static constexpr Operation Spin() { return {.kind = OperationKind::kSpin}; }
  // The halves of a read-modify-write.
  static constexpr Operation RmwRead(Order order, std::uint8_t location) {
    return {.kind = OperationKind::kRead, .order = order, .rmw = true, .location = location};
  }
  static constexpr Operation CompareRead(Order success, Order failure, std::uint8_t location,
                                         Value expected) {
    return {.kind = OperationKind::kRead,
            .order = success,
            .failure = failure,
            .rmw = true,
            .compare = true,
            .location = location,
            .value = expected};
  }
  static constexpr Operation RmwWrite(Order order, std::uint8_t location, Value value) {
    return {.kind = OperationKind::kWrite,
            .order = order,
            .rmw = true,
            .location = location,
            .value = value};
  }

  // Wherever it stands, and whatever it is called.
  friend constexpr bool operator==(const Operation& a, const Operation& b) {
    return a.kind == b.kind && a.order == b.order && a.failure == b.failure && a.rmw == b.rmw &&
           a.compare == b.compare && a.await == b.await && a.sleeps == b.sleeps &&
           a.choices == b.choices && a.accident == b.accident && a.location == b.location &&
           a.value == b.value;
  }
};

// An event that a thread had in another run.
struct PastEvent {
  const Operation* operation;
  Value value;  // what was read
  int choice;
};

class Program {
 public:
  virtual ~Program() = default;

  virtual int Threads() const = 0;
  // How many locations there are, and what each holds at first.
  virtual int Locations() const = 0;
  virtual Value Initial(int location) const = 0;

  // Puts every thread before its first operation.
  virtual void Restart() = 0;
  // Lets `thread` run on to its next operation. `value` is what its last one read, if
  // that was a read.
  virtual Operation Resume(int thread, Value value) = 0;
  // The same, and on through the events of `past` with Resume() and Choose(), as long as the
  // thread's operations are theirs. Adds to `had` how many it has had.
  virtual Operation ResumeAlong(int thread, Value value, std::span<const PastEvent> past,
                                int* had) {
    Operation next = Resume(thread, value);
    for (const PastEvent& event : past) {
      if (next != *event.operation) break;
      if (next.choices != 0) Choose(thread, event.choice);
      next = Resume(thread, event.value);
      ++*had;
    }
    return next;
  }
  // Which way the last operation of `thread` came out, if it has choices. Resume() follows.
  virtual void Choose(int /*thread*/, int /*choice*/) {}

  // Whether threads share nothing but the locations, so that one can be put before its
  // first operation while the others stay where they are.
  virtual bool Independent() const { return false; }
  virtual void RestartThread(int /*thread*/) {}

  // Why `thread` failed, after kFail. The explorer adds the thread and the place.
  virtual Failure WhyFailed(int /*thread*/) { return {}; }
  // When all threads have ended: what is wrong with the execution, if anything. Threads
  // that are independent may be elsewhere.
  virtual std::optional<Failure> Finish(const Graph& /*graph*/) { return std::nullopt; }
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_PROGRAM_H_
