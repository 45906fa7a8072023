// per_thread.h
// ------------
// PerThread<T>: objects that tasks borrow, so that each is used by one task at a time and
// mostly by the thread that used it before.
//
// For buffers and tables that are too large to make anew for each task. There are as many
// as were ever borrowed at once: no more than workers, if no task forks or waits while it
// has one. Thread safety: any thread; a lock for a moment. Cost: some 100 ns a loan.
#ifndef ASHLAR_ENGINE_WORKLOADS_PER_THREAD_H_
#define ASHLAR_ENGINE_WORKLOADS_PER_THREAD_H_

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ashlar {

template <class T>
class PerThread {
 public:
  explicit PerThread(std::function<std::unique_ptr<T>()> make) : make_(std::move(make)) {}

  class Loan {
   public:
    ~Loan() { owner_.Return(slot_); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }

   private:
    friend class PerThread;
    Loan(PerThread& owner, std::size_t slot, T* object)
        : owner_(owner), slot_(slot), object_(object) {}
    PerThread& owner_;
    const std::size_t slot_;
    T* const object_;
  };

  Loan Borrow() {
    const std::thread::id self = std::this_thread::get_id();
    std::lock_guard<std::mutex> lock(mutex_);
    std::size_t best = slots_.size();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].lent) continue;
      best = i;
      if (slots_[i].last == self) break;
    }
    if (best == slots_.size()) slots_.push_back({make_(), self, false});
    slots_[best].lent = true;
    slots_[best].last = self;
    return Loan(*this, best, slots_[best].object.get());
  }

  // All there are; while nothing is lent.
  std::vector<T*> All() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<T*> all;
    for (Slot& slot : slots_) all.push_back(slot.object.get());
    return all;
  }

 private:
  struct Slot {
    std::unique_ptr<T> object;
    std::thread::id last;
    bool lent;
  };

  void Return(std::size_t slot) {
    std::lock_guard<std::mutex> lock(mutex_);
    slots_[slot].lent = false;
  }

  const std::function<std::unique_ptr<T>()> make_;
  std::mutex mutex_;
  std::vector<Slot> slots_;
};

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_PER_THREAD_H_
