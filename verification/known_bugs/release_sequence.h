// release_sequence.h
// ------------------
// Data is published by a release store, and the flag then raised by a relaxed one.
//
// In C++11 the second store, by the same thread, continued the release sequence of the
// first. Since C++20 only read-modify-writes do, and who reads the second one races:
//
//   P0982R1, Weaken Release Sequences, https://wg21.link/p0982r1
//
// Invisible to Relacy, which has the rule of C++11.
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_RELEASE_SEQUENCE_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_RELEASE_SEQUENCE_H_

#include <atomic>

#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

template <std::memory_order kSecondStore>
struct ReleaseSequence {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    typename Platform::template Var<int> data;
    typename Platform::template Atomic<int> flag;

    void Thread(unsigned index) {
      if (index == 0) {
        data.Write() = 1;
        flag.store(1, std::memory_order_release);
        flag.store(2, kSecondStore);
      } else if (flag.load(std::memory_order_acquire) == 2) {
        verification::Expect(data.Read() == 1);
      }
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_RELEASE_SEQUENCE_H_
