// rc11_thread.h
// -------------
// Rc11Thread: a thread that a scenario on Rc11Platform starts while it runs.
//
//   static constexpr int kMoreThreads = 1;   // how many the scenario's threads start
//
//   void Thread(unsigned) {
//     Rc11Thread helper([this] { ... });
//     ...
//   }                                        // waits for it, as std::jthread
//
// What precedes the start happens before the thread, and all of the thread before what
// follows Join(). Two that wait for each other are a hang.
#ifndef ASHLAR_VERIFICATION_PLATFORM_RC11_THREAD_H_
#define ASHLAR_VERIFICATION_PLATFORM_RC11_THREAD_H_

#include <memory>
#include <utility>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/rc11/fiber_program.h"

namespace ashlar {

class Rc11Thread {
 public:
  template <class F>
  explicit Rc11Thread(F f, SourceSite site = SourceSite::Current())
      : thread_(verification::rc11::FiberProgram::Current().Spawn(
            [](void* argument) { (*std::unique_ptr<F>(static_cast<F*>(argument)))(); },
            new F(std::move(f)), site)) {}
  ~Rc11Thread() { Join(); }
  Rc11Thread(const Rc11Thread&) = delete;
  Rc11Thread& operator=(const Rc11Thread&) = delete;

  // Until it has ended.
  void Join(SourceSite site = SourceSite::Current()) {
    if (joined_) return;
    joined_ = true;
    verification::rc11::FiberProgram::Current().Join(thread_, site);
  }

 private:
  const int thread_;
  bool joined_ = false;
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_PLATFORM_RC11_THREAD_H_
