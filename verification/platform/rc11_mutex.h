// rc11_mutex.h
// ------------
// Rc11Mutex, Rc11ConditionVariable: a lock and a condition variable in scenarios on
// Rc11Platform, with the meaning, and the names, of the standard's.
//
// Nothing spins: a thread that finds the mutex locked waits until it is given another
// value to read. Threads that wait for ever, in a deadlock or for a notification that
// came too early, are a hang. A wait for a notification may end for no reason; that is an
// accident (rc11::Options::max_accidents).
#ifndef ASHLAR_VERIFICATION_PLATFORM_RC11_MUTEX_H_
#define ASHLAR_VERIFICATION_PLATFORM_RC11_MUTEX_H_

#include "ashlar/verification/platform/order_hook.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar {

class Rc11Mutex {
  using Site = verification::OperationSite;

 public:
  Rc11Mutex(Site site = Site::Current()) : location_(kUnlocked, site) {}  // NOLINT

  void lock(Site site = Site::Current()) {
    while (!try_lock(site)) Program().Perform(rc11_internal::Operation::Spin(), site);
  }
  bool try_lock(Site site = Site::Current()) {
    using rc11_internal::Operation;
    using rc11_internal::Order;
    Operation read =
        Operation::CompareRead(Order::kAcquire, Order::kRelaxed, location_.index(), kUnlocked);
    read.verb = rc11_internal::Verb::kLock;
    if (location_.Access(read, site) != kUnlocked) return false;
    Program().Perform(Operation::RmwWrite(Order::kAcquire, location_.index(), kLocked), site);
    owner_ = Program().ThreadIndex();
    return true;
  }
  void unlock(Site site = Site::Current()) {
    if (owner_ != Program().ThreadIndex()) {
      Program().Fail("a thread unlocks a mutex that it has not locked", site);
    }
    owner_ = kNobody;
    rc11_internal::Operation write = rc11_internal::Operation::Write(rc11_internal::Order::kRelease,
                                                                     location_.index(), kUnlocked);
    write.verb = rc11_internal::Verb::kUnlock;
    location_.Access(write, site);
  }

 private:
  static constexpr rc11_internal::Value kUnlocked = 0;
  static constexpr rc11_internal::Value kLocked = 1;
  static constexpr int kNobody = -2;

  static rc11_internal::FiberProgram& Program() { return rc11_internal::FiberProgram::Current(); }

  const rc11_internal::Location location_;
  int owner_ = kNobody;  // changed by the owner alone
};

class Rc11ConditionVariable {
  using Site = verification::OperationSite;

 public:
  Rc11ConditionVariable(Site site = Site::Current()) : location_(0, site) {}  // NOLINT

  // `Lock`: a std::unique_lock or the like, of an Rc11Mutex.
  template <class Lock>
  void wait(Lock& lock, Site site = Site::Current()) {
    rc11_internal::FiberProgram& program = rc11_internal::FiberProgram::Current();
    rc11_internal::Operation reason = rc11_internal::Operation::Choice(2);
    reason.accident = true;
    program.Perform(reason, site);
    if (program.Chosen() != 0) {  // none
      lock.unlock();
    } else {
      const rc11_internal::Queue queue(location_);
      queue.Enter(/*because_of_look=*/false, site);
      lock.unlock();
      queue.AwaitWake(/*timed=*/false, site);
    }
    lock.lock();
  }
  template <class Lock, class Condition>
  void wait(Lock& lock, Condition condition, Site site = Site::Current()) {
    while (!condition()) wait(lock, site);
  }
  void notify_one(Site site = Site::Current()) { Notify(/*all=*/false, site); }
  void notify_all(Site site = Site::Current()) { Notify(/*all=*/true, site); }

 private:
  void Notify(bool all, const Site& site) {
    if (rc11_internal::FiberProgram::Current().ThreadIndex() >= 0) {
      rc11_internal::Queue(location_).Wake(all, site);
    }
  }

  const rc11_internal::Location location_;
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_PLATFORM_RC11_MUTEX_H_
