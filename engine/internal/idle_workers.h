// IdleWorkers: who sleeps, who searches, one wake-up per need, and the end of it all.
//
// A worker without work first searches, awake, and then sleeps. Whoever makes work
// visible calls WakeOneIfNeeded: it does nothing while some worker searches (that one
// will find the work, or will look once more before it sleeps) and otherwise wakes one
// sleeper, which thereby searches. The argument why no wake-up is lost stands in
// engine/README.md; it rests on the order
//
//   publisher: make work visible ; look who sleeps (1), who searches (2)
//   worker:    announce its sleep (3), (4) ; look for work
//   searcher:  end the search (5) ; look who sleeps (1), for more work
//
// and each of these is seq_cst. All else is relaxed: whoever misreads it meets (3) or (4)
// once more before it sleeps.
//
// Lock-free; sleeping is blocking.
#ifndef ASHLAR_ENGINE_INTERNAL_IDLE_WORKERS_H_
#define ASHLAR_ENGINE_INTERNAL_IDLE_WORKERS_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"

namespace ashlar::internal {

template <class Platform = StdPlatform>
class IdleWorkers {
 public:
  // All workers start awake and busy.
  explicit IdleWorkers(int workers)
      : workers_(static_cast<std::uint64_t>(workers)),
        counts_(kOneAwake * workers_),
        sleeping_((workers_ + 63) / 64),
        beds_(workers_) {}

  // The calling worker starts to look for work.
  void BeginSearch() { counts_.fetch_add(kOneSearching, std::memory_order_relaxed); }

  // The calling worker found some. Afterwards it looks whether there is more, and if
  // so calls WakeOneIfNeeded: wake-ups are chained.
  void EndSearch() { counts_.fetch_sub(kOneSearching, std::memory_order_seq_cst); }  // (5)

  enum class Rest {
    kSawWork,  // did not sleep: there was something in sight after all
    kSlept,    // until somebody woke it
    kEnd,      // there will be no more work
  };

  // The calling, searching worker sleeps, and searches again after that. in_sight():
  // whether there is work in any queue, read by seq_cst loads or after a seq_cst fence;
  // called when the sleep is announced.
  template <class InSight>
  Rest Sleep(int worker, InSight&& in_sight) {
    Announce(worker);
    // Relaxed: whoever sets it wakes all, and Announce has synchronized with that.
    const bool ending = ending_.load(std::memory_order_relaxed);
    // Before the look around: what slipped into a queue before it was closed is then
    // seen. Acquire: pairs with Stop.
    const bool stopping = stopping_.load(std::memory_order_acquire);
    if (ending || in_sight()) {
      Withdraw(worker);
      return ending ? Rest::kEnd : Rest::kSawWork;
    }
    // All asleep and nothing in sight: nobody runs a task, so none can be posted.
    if (stopping && AllAsleep()) {
      ending_.store(true, std::memory_order_relaxed);
      WakeAll();
    }
    BedOf(worker).Lie();
    // Or not yet, if that is not visible here: then from the next Announce on.
    return ending_.load(std::memory_order_relaxed) ? Rest::kEnd : Rest::kSlept;
  }

  // After the queues that outsiders reach were closed: once all workers are idle, Sleep
  // gives kEnd. What precedes it happens before that.
  void Stop() {
    stopping_.store(true, std::memory_order_release);
    WakeAll();
  }

  // After work was made visible by a seq_cst operation, or with a seq_cst fence since.
  // Costs one load, of a line that changes only when a worker falls asleep or wakes,
  // while nobody sleeps.
  void WakeOneIfNeeded() {
    if (!AnySleeping()) return;
    std::uint64_t counts = counts_.load(std::memory_order_seq_cst);  // (2)
    while (Searching(counts) == 0 && Awake(counts) < workers_) {
      // Counted before the search for a sleeper, so that of several publishers one wakes.
      if (!counts_.compare_exchange_weak(counts, counts + kOneAwake + kOneSearching,
                                         std::memory_order_relaxed, std::memory_order_relaxed)) {
        continue;
      }
      if (WakeAny()) return;
      // The sleeper was gone. Who meanwhile published, or lay down, took this count for a
      // worker that searches, and left it to us to wake somebody. Acquire: pairs with each
      // (4) that came before, since all changes are read-modify-writes, so that the look
      // that follows sees those sleepers. Later ones look for work after (2).
      counts = counts_.fetch_sub(kOneAwake + kOneSearching, std::memory_order_acquire) -
               (kOneAwake + kOneSearching);
      if (AnySleeping()) continue;
      if (Awake(counts) != 0) return;
      Platform::SpinWait();  // until a worker whose bit is gone counts as awake
    }
  }

  // How many workers run tasks; exact only when nothing moves.
  std::uint64_t Busy() const {
    const std::uint64_t counts = counts_.load(std::memory_order_relaxed);
    return Awake(counts) - Searching(counts);
  }

  // True if somebody has announced its sleep and not been woken.
  bool AnySleeping() const {
    for (std::size_t i = 0; i < sleeping_.size(); ++i) {
      if (sleeping_[i].bits.load(std::memory_order_seq_cst) != 0) return true;  // (1)
    }
    return false;
  }

 private:
  using Word = typename Platform::template Atomic<std::uint64_t>;

  // A bit for each of 64 workers.
  struct alignas(Platform::kCacheLine) Sleepers {
    Word bits{0};
  };

  // Awake (busy or searching) in the upper half, searching in the lower.
  static constexpr std::uint64_t kOneSearching = 1;
  static constexpr std::uint64_t kOneAwake = std::uint64_t{1} << 32;
  static std::uint64_t Searching(std::uint64_t counts) { return counts & (kOneAwake - 1); }
  static std::uint64_t Awake(std::uint64_t counts) { return counts >> 32; }

  // Where one worker sleeps: it waits for a token that whoever wakes it leaves. Who leaves
  // it has acquired the sleeper's announcement, so that it comes after the sleeper has
  // taken the last one away.
  struct alignas(Platform::kCacheLine) Bed {
    typename Platform::template Atomic<std::uint32_t> token{0};

    void Lie() {
      while (token.load(std::memory_order_relaxed) == 0) Platform::Wait(token, 0);
      token.store(0, std::memory_order_relaxed);
    }
    void Wake() {
      token.store(1, std::memory_order_relaxed);
      Platform::WakeOne(token);
    }
  };

  Word& WordOf(int worker) { return sleeping_[static_cast<std::size_t>(worker) / 64].bits; }
  static std::uint64_t Bit(int worker) { return std::uint64_t{1} << (worker % 64); }
  Bed& BedOf(int worker) { return beds_[static_cast<std::size_t>(worker)]; }
  Bed& BedOf(std::size_t word, int bit) { return beds_[word * 64 + static_cast<std::size_t>(bit)]; }

  void Announce(int worker) {
    // The bit first: while a worker counts as asleep, its bit is there to be found.
    // (3) also acquire: pairs with WakeAll; and release: see Bed.
    WordOf(worker).fetch_or(Bit(worker), std::memory_order_seq_cst);
    counts_.fetch_sub(kOneAwake + kOneSearching, std::memory_order_seq_cst);  // (4)
  }

  void Withdraw(int worker) {
    if ((WordOf(worker).fetch_and(~Bit(worker), std::memory_order_relaxed) & Bit(worker)) != 0) {
      counts_.fetch_add(kOneAwake + kOneSearching, std::memory_order_relaxed);
    } else {
      BedOf(worker).Lie();  // somebody has just taken us for asleep: the wake-up is ours
    }
  }

  // After Announce the last one to do so is told, unless somebody is being woken.
  bool AllAsleep() const { return counts_.load(std::memory_order_relaxed) < kOneAwake; }

  // Wakes every worker that sleeps. What precedes it happens before what follows a later
  // Announce.
  void WakeAll() {
    for (std::size_t i = 0; i < sleeping_.size(); ++i) {
      // Pairs with (3), both ways.
      std::uint64_t word = sleeping_[i].bits.exchange(0, std::memory_order_acq_rel);
      for (; word != 0; word &= word - 1) {
        counts_.fetch_add(kOneAwake + kOneSearching, std::memory_order_relaxed);
        BedOf(i, std::countr_zero(word)).Wake();
      }
    }
  }

  // Wakes one sleeper, whom the caller has counted as awake and searching.
  bool WakeAny() {
    for (std::size_t i = 0; i < sleeping_.size(); ++i) {
      std::uint64_t word = sleeping_[i].bits.load(std::memory_order_relaxed);
      while (word != 0) {
        const int bit = std::countr_zero(word);
        // Whoever clears a worker's bit owes it the wake-up. Acquire: pairs with (3); see Bed.
        word = sleeping_[i].bits.fetch_and(~(std::uint64_t{1} << bit), std::memory_order_acquire);
        if ((word >> bit & 1) != 0) {
          BedOf(i, bit).Wake();
          return true;
        }
      }
    }
    return false;
  }

  const std::uint64_t workers_;
  // Written when a worker runs out of work and when it finds some.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<std::uint64_t> counts_;
  const PlatformArray<Sleepers, Platform> sleeping_;
  const PlatformArray<Bed, Platform> beds_;
  typename Platform::template Atomic<bool> stopping_{false};
  typename Platform::template Atomic<bool> ending_{false};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_IDLE_WORKERS_H_
