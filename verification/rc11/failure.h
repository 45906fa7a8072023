// failure.h
// ---------
// Failure: what is wrong with an execution, complete or not. The graph that it comes with
// has the events.
#ifndef ASHLAR_VERIFICATION_RC11_FAILURE_H_
#define ASHLAR_VERIFICATION_RC11_FAILURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/rc11/event_set.h"

namespace ashlar::verification::rc11 {

struct Failure {
  enum class Kind : std::uint8_t {
    kWrong,             // the program says so: `message`
    kRace,              // `first` and `second` race
    kHang,              // all of `waiting` wait for ever (liveness.h), the others have ended
    kTooLarge,          // the execution has more than Graph::kMaxEvents events
    kNotDeterministic,  // the thread did something else than `first`, having read the same
  };
  // A thread that goes no further, and where it stands.
  struct Waiting {
    int thread;
    SourceSite place;
  };

  Kind kind = Kind::kWrong;
  // Which thread it is of; -1: what runs when all have ended.
  int thread = -1;
  SourceSite place = {};  // where that thread is
  std::string message;
  EventId first = 0;
  EventId second = 0;
  std::vector<Waiting> waiting;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_FAILURE_H_
