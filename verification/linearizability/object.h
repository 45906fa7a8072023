// object.h
// --------
// One description of a concurrent object makes three tests of it: in every execution of
// small programs, with real threads, and call by call from a fuzzer's bytes. In each,
// what the calls answered is compared with a specification.
//
//   template <class Platform>
//   class CounterObject {
//    public:
//     using Specification = Counter;            // specification.h, specifications.h
//     using Call = Specification::Call;
//     static constexpr int kThreads = 2;        // at most
//
//     // What `thread` may call after what it has called: one of these.
//     static std::vector<Call> Calls(int thread, std::span<const Call> made) {
//       return {Counter::Add(1), Counter::Add(2)};
//     }
//     // Makes a call on the real object. Run by the thread of that number.
//     Specification::Result Do(int thread, const Call& call) {
//       return sum_.fetch_add(call.add, std::memory_order_relaxed);
//     }
//
//    private:
//     typename Platform::template Atomic<std::int64_t> sum_{0};
//   };
//
//   std::vector<Object> Objects() { return {MakeObject<CounterObject>("Counter")}; }
//
// That file is linked with a library that brings main():
//
//   :model_main   Every execution that RC11 allows (model/rc11_scenario.h) of every program
//                 of a few calls a thread: its history, by happens-before
//                 (execution_recorder.h), must be linearizable. If threads wait for ever,
//                 the specification must let them wait there. Data races and all else that
//                 the checker finds are failures too.
//   :stress_main  Rounds of random calls by real threads, which begin together, each on a new
//                 object; histories by time (stress_recorder.h).
//   :fuzz_main    An input is a way to begin, then a thread and a call a byte, made one after
//                 the other. Answers must be possible in one of the states that the
//                 specification may be in. This finds what is wrong with indices, growth and
//                 wrapping around, which needs many calls, not threads. A call that may have to
//                 wait is left out.
//
// Optional in a description:
//
//   static constexpr int kVariants; explicit Name(int variant)
//       Ways in which the object begins: capacities, indices just below their overflow.
//   void Settle(int thread, const Call&, const Specification::Result&)
//       What the thread owes the object after a call that has returned, if anything.
//   static std::optional<Call> Last(const std::optional<Specification::Result>& before)
//       When all threads have ended, thread 0 calls this, again and again, until it is
//       nothing: to see what is left in the object. `before`: what the one before answered.
//   static std::vector<Shape> Programs(bool deep)
//       The programs that are explored: how many calls each thread makes (findings.h). `deep`:
//       when more time is asked for. Default: two threads with two calls, and three with one.
//   static Specification Specified()
//       The specification, if it is not the default one: of this capacity. Descriptions that
//       differ in a number then have the same Specification, and most is compiled once for them.
//   static Specification Late()
//       What holds in real time. Stores may become visible after a call has returned
//       (stress_recorder.h says what that does to histories), so by default recorded calls
//       return when theirs are visible. With this, half of the rounds do not wait for that, and
//       are compared with this specification.
//   static constexpr bool kMayWait = true
//       Random calls may leave threads waiting for ever, and be right: not for :stress_main.
//
// Calls and results are trivially copyable. Threads differ in what Calls allows them; with
// real threads, thread 0 makes 16 calls and each other one 8.
//
// Thread safety: as a test has it. Errors: in Findings::wrong.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_OBJECT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_OBJECT_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/replay_object.h"
#include "ashlar/verification/linearizability/internal/stress_object.h"

// The explorer switches stacks by hand, which sanitizers take for errors: :model_main is not for
// them. What it alone needs is half of what there is to compile.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ASHLAR_VERIFICATION_LINEARIZABILITY_UNEXPLORED
#endif
#endif
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_UNEXPLORED
#include "ashlar/verification/linearizability/internal/explore_object.h"
#include "ashlar/verification/platform/rc11_platform.h"
#endif

namespace ashlar::verification::linearizability {

// A description without its type.
struct Object {
  std::string name;
  Findings (*explore)(const Exploration& exploration) = nullptr;  // null with a sanitizer
  Findings (*stress)(const Stress& stress) = nullptr;  // null if its threads may wait for ever
  Findings (*replay)(std::span<const std::uint8_t> input) = nullptr;
};

template <template <class> class Description>
Object MakeObject(std::string name) {
  Object object;
  object.name = std::move(name);
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_UNEXPLORED
  object.explore = [](const Exploration& exploration) {
    return internal::ExploreObject(internal::kDescription<Description<Rc11Platform>>, exploration);
  };
#endif
  if constexpr (!internal::MayWait<Description<StdPlatform>>()) {
    object.stress = [](const Stress& stress) {
      return internal::StressObject(internal::kDescription<Description<StdPlatform>>, stress);
    };
  }
  object.replay = [](std::span<const std::uint8_t> input) {
    return internal::ReplayObject(internal::kDescription<Description<StdPlatform>>, input);
  };
  return object;
}

// What the mains test. The user defines it.
std::vector<Object> Objects();

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_OBJECT_H_
