// fiber_observer.h
// ----------------
// FiberObserver: is told what a FiberProgram does, step by step, for reports and debuggers.
#ifndef ASHLAR_VERIFICATION_RC11_FIBER_OBSERVER_H_
#define ASHLAR_VERIFICATION_RC11_FIBER_OBSERVER_H_

#include <cstddef>

#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

// All of it is called on the stack of the thread that does it.
class FiberObserver {
 public:
  virtual ~FiberObserver() = default;

  // The object at `address` is `location` from now on.
  virtual void OnLocation(int /*location*/, const void* /*address*/) {}
  // The program has a name for what lies there; the index is -1 if it is no array's element.
  virtual void OnName(const void* /*address*/, std::size_t /*bytes*/, const char* /*name*/,
                      int /*index*/, bool /*is_location*/) {}
  // `thread` has done `operation`, and read `value` if that is a read. -1 is what runs
  // before and after all threads. False: it goes no further.
  virtual bool OnStep(int /*thread*/, const Operation& /*operation*/, Value /*value*/) {
    return true;
  }
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_FIBER_OBSERVER_H_
