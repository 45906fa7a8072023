// relacy_platform.h
// -----------------
// RelacyPlatform: runs a concurrent template under the Relacy race detector.
//
//   template <class T, class Platform = StdPlatform> class Stack;   // as shipped
//   Stack<int, RelacyPlatform> stack;                               // as checked
//
// It has the members of StdPlatform (concurrency/platform.h); there is no second
// copy of an algorithm. verification/model/ makes a test of it; use it directly
// only inside a Relacy test suite of your own.
//
// What it does beyond Relacy itself:
//   * every operation knows its place in the source and passes the OrderHook, which
//     can weaken it;
//   * any trivially copyable type can be atomic, any type can be a Var;
//   * a compare-exchange may have a failure order above its success order;
//   * Wait() compares as the kernel does, with the newest value, and may return for
//     no reason; waking synchronises nothing, so that a missing order is not hidden.
//
// Fences: LightFence() and HeavyFence() are both seq_cst fences. Relacy thus checks
// the fenced policy of a template, and says nothing about an asymmetric one.
//
// What Relacy cannot see, and where it is too strict: verification/README.md.
//
// Build: a program of its own for each test, without GoogleTest: Relacy replaces operator
// new and delete in the whole binary. verified_primitive() makes one.
//
// Thread safety: none; Relacy runs its threads as fibers of one.
#ifndef ASHLAR_VERIFICATION_PLATFORM_RELACY_PLATFORM_H_
#define ASHLAR_VERIFICATION_PLATFORM_RELACY_PLATFORM_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/verification/platform/checked_platform.h"
#include "ashlar/verification/platform/order_hook.h"

// The parts instead of relacy.hpp: that header makes macros of new, delete, assert,
// errno and a hundred other names. Without the assertions, illegal orders and tests
// that are not deterministic would pass in silence.
#define RL_DO_ASSERT 1
// clang-format off
#include <relacy/base.hpp>
#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>
#include <relacy/backoff.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/atomic.hpp>
#include <relacy/var.hpp>
#include <relacy/thread_local.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/stdlib/event.hpp>
// clang-format on
#undef $
#undef RL_DO_ASSERT
#undef TlsAlloc
#undef TlsFree
#undef TlsGetValue
#undef TlsSetValue

namespace ashlar {
namespace relacy_internal {

using verification::Change;
using verification::OperationSite;

inline constexpr std::size_t kMostThreads = 16;

inline rl::debug_info Where(const SourceSite& site) {
  return {site.function, site.file, site.line};
}

inline rl::memory_order Converted(std::memory_order order) {
  return static_cast<rl::memory_order>(order);
}

// Gives a trivially copyable T the operators that Relacy's atomics and its history want.
template <class T>
struct Boxed {
  T value{};

  Boxed() = default;
  Boxed(T v) : value(v) {}  // NOLINT: Relacy converts

  friend bool operator==(const Boxed& a, const Boxed& b) {
    return std::memcmp(&a.value, &b.value, sizeof(T)) == 0;
  }
  friend std::ostream& operator<<(std::ostream& out, const Boxed& box) {
    if constexpr (std::is_pointer_v<T>) {
      return out << static_cast<const void*>(box.value);
    } else if constexpr (std::is_enum_v<T>) {
      return out << static_cast<long long>(box.value);
    } else if constexpr (std::is_arithmetic_v<T>) {
      return out << +box.value;
    } else {
      return box.PrintWords(out);
    }
  }

  // Operands of fetch_add and its like: a difference for pointers, a T otherwise.
  template <class U>
  friend Boxed operator+(Boxed a, Boxed<U> b) {
    return static_cast<T>(a.value + b.value);
  }
  template <class U>
  friend Boxed operator-(Boxed a, Boxed<U> b) {
    return static_cast<T>(a.value - b.value);
  }
  friend Boxed operator&(Boxed a, Boxed b) { return static_cast<T>(a.value & b.value); }
  friend Boxed operator|(Boxed a, Boxed b) { return static_cast<T>(a.value | b.value); }
  friend Boxed operator^(Boxed a, Boxed b) { return static_cast<T>(a.value ^ b.value); }

 private:
  std::ostream& PrintWords(std::ostream& out) const {
    out << "{" << std::hex;
    for (std::size_t i = 0; i + sizeof(std::uint64_t) <= sizeof(T); i += sizeof(std::uint64_t)) {
      std::uint64_t word;
      std::memcpy(&word, reinterpret_cast<const char*>(&value) + i, sizeof(word));
      out << (i == 0 ? "" : ", ") << word;
    }
    return out << "}" << std::dec;
  }
};

// Runs what follows in one step: Relacy switches threads before an operation.
class Atomically {
 public:
  Atomically() { rl::ctx().disable_preemption(); }
  ~Atomically() { rl::ctx().enable_preemption(); }
  Atomically(const Atomically&) = delete;
  Atomically& operator=(const Atomically&) = delete;
};

template <class T>
class Atomic : public verification::CheckedAtomic<Atomic<T>, T> {
  using Site = OperationSite;

 public:
  Atomic(Site site = Site::Current()) : Atomic(T{}, site) {}  // NOLINT: as std::atomic
  Atomic(T value, Site site = Site::Current()) {              // NOLINT: as std::atomic
    atomic_.store(value, rl::mo_relaxed, Where(site));
  }

  // Sleeps while the newest value is `expected`, as a futex does. False only when
  // a wait that is `timed` ran out of time.
  bool Park(T expected, bool timed, const Site& site) const {
    rl::context& context = rl::ctx();
    context.sched();
    if (SpuriousWakeUp(context)) return true;
    {
      Atomically step;
      if (!(Newest(rl::mo_relaxed, site) == Boxed<T>(expected))) return true;
    }
    // Relacy lets the waker's history flow to the woken thread. The language promises
    // no such thing, and it would hide a missing release or acquire.
    SavedOrders orders(context);
    return atomic_.wait(context, timed, /*allow_spurious_wakeup=*/false, Where(site)) !=
           rl::unpark_reason_timeout;
  }

  void Unpark(rl::thread_id_t count, const Site& site) const {
    rl::context& context = rl::ctx();
    context.sched();
    atomic_.wake(context, count, Where(site));
  }

 private:
  friend verification::CheckedAtomic<Atomic, T>;

  // What the thread has synchronised with, put back at the end of the scope.
  class SavedOrders {
   public:
    explicit SavedOrders(rl::context& context)
        : thread_(*context.threadx_), count_(context.get_thread_count()) {
      std::memcpy(saved_, thread_.acq_rel_order_, count_ * sizeof(saved_[0]));
    }
    ~SavedOrders() {
      saved_[thread_.index_] = thread_.own_acq_rel_order_;  // its own clock runs on
      std::memcpy(thread_.acq_rel_order_, saved_, count_ * sizeof(saved_[0]));
    }
    SavedOrders(const SavedOrders&) = delete;
    SavedOrders& operator=(const SavedOrders&) = delete;

   private:
    rl::thread_info_base& thread_;
    std::size_t count_;
    rl::timestamp_t saved_[kMostThreads];
  };

  T Load(std::memory_order order, const Site& site) const {
    return atomic_.load(Converted(order), Where(site)).value;
  }
  void Store(T value, std::memory_order order, const Site& site) {
    atomic_.store(value, Converted(order), Where(site));
  }
  template <Change kChange, class Operand>
  T Modify(Operand operand, std::memory_order order, const Site& site) {
    constexpr rl::rmw_type_e kTypes[] = {rl::rmw_type_swap, rl::rmw_type_add, rl::rmw_type_sub,
                                         rl::rmw_type_and,  rl::rmw_type_or,  rl::rmw_type_xor};
    return atomic_
        .rmw(rl::rmw_type_t<kTypes[static_cast<int>(kChange)]>(), Boxed<Operand>(operand),
             Converted(order), Where(site))
        .value;
  }

  template <bool kWeak>
  bool CompareExchange(T& expected, T desired, std::memory_order success_order,
                       std::memory_order failure_order, const Site& site) {
    const rl::memory_order success = Converted(success_order);
    rl::memory_order failure = Converted(failure_order);
    // Relacy knows only failure orders up to the success order. A failed exchange
    // reads the newest value there, so reading it again in the same step is the same.
    const rl::memory_order wanted = failure;
    const bool above = !Includes(success, failure);
    if (above) failure = rl::mo_relaxed;
    Boxed<T> seen(expected);
    rl::context& context = rl::ctx();
    context.sched();
    Atomically step;
    const bool done = atomic_.compare_exchange(rl::bool_t<kWeak>(), seen, Boxed<T>(desired),
                                               success, failure, Where(site));
    if (!done && above) {
      Newest(wanted == rl::mo_seq_cst ? rl::mo_seq_cst : rl::mo_acquire, site);
    }
    expected = seen.value;
    return done;
  }

  static bool Includes(rl::memory_order success, rl::memory_order failure) {
    switch (failure) {
      case rl::mo_relaxed:
        return true;
      case rl::mo_seq_cst:
        return success == rl::mo_seq_cst;
      default:
        return success == rl::mo_acquire || success == rl::mo_acq_rel || success == rl::mo_seq_cst;
    }
  }

  // Reads the newest value, by an exchange that must fail. Call it Atomically.
  Boxed<T> Newest(rl::memory_order order, const Site& site) const {
    Boxed<T> seen = atomic_.debug_value();
    reinterpret_cast<unsigned char&>(seen.value) ^= 1;  // anything else
    atomic_.compare_exchange(rl::bool_t<false>(), seen, seen, order, order, Where(site));
    return seen;
  }

  // Now and then at random; under a search, at most once for each atomic, since a
  // loop around Wait() would make the search endless.
  bool SpuriousWakeUp(rl::context& context) const {
    if (context.is_random_sched()) return context.rand(8, rl::sched_type_user) == 0;
    if (woke_spuriously_) return false;
    woke_spuriously_ = context.rand(2, rl::sched_type_user) == 1;
    return woke_spuriously_;
  }

  mutable rl::generic_atomic<Boxed<T>, false> atomic_;
  mutable bool woke_spuriously_ = false;
};

// Plain storage, shadowed by a variable whose races Relacy sees.
template <class T>
class Var {
 public:
  Var(OperationSite site = OperationSite::Current()) { Shadow(site).store(0); }  // NOLINT
  explicit Var(T value, OperationSite site = OperationSite::Current()) : value_(std::move(value)) {
    Shadow(site).store(0);
  }

  const T& Read(OperationSite site = OperationSite::Current()) const {
    Shadow(site).load();
    return value_;
  }
  T& Write(OperationSite site = OperationSite::Current()) {
    Shadow(site).store(0);
    return value_;
  }

 private:
  rl::var_proxy<unsigned> Shadow(const OperationSite& site) const { return shadow_(Where(site)); }

  T value_{};
  mutable rl::var<unsigned> shadow_;
};

}  // namespace relacy_internal

struct RelacyPlatform : verification::CheckedPlatform<RelacyPlatform> {
  template <class T>
  using Atomic = relacy_internal::Atomic<T>;

  template <class T>
  using Var = relacy_internal::Var<T>;

  // One of 0, 1, ..., ways - 1: at random, or each under a search.
  static int Choose(int ways) {
    return static_cast<int>(rl::ctx().rand(static_cast<unsigned>(ways), rl::sched_type_user));
  }

  // Lets every other thread run, and lets old values of atomics go out of sight.
  static void SpinWait(Site site = Site::Current()) {
    rl::ctx().yield(1, relacy_internal::Where(site));
  }

  static void Wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                   Site site = Site::Current()) {
    word.Park(expected, /*timed=*/false, site);
  }
  // The time may be up at any moment, whatever `timeout` is.
  static bool WaitFor(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::chrono::nanoseconds /*timeout*/, Site site = Site::Current()) {
    return word.Park(expected, /*timed=*/true, site);
  }
  static void WakeOne(const Atomic<std::uint32_t>& word, Site site = Site::Current()) {
    if (!Dropped(site)) word.Unpark(1, site);
  }
  static void WakeAll(const Atomic<std::uint32_t>& word, Site site = Site::Current()) {
    if (!Dropped(site)) word.Unpark(rl::ctx().get_thread_count(), site);
  }

 private:
  friend verification::CheckedPlatform<RelacyPlatform>;

  static constexpr int kFreedByte = 0xfe;

  static void RunFence(std::memory_order order, const Site& site) {
    rl::atomic_thread_fence(relacy_internal::Converted(order), relacy_internal::Where(site));
  }
  // Relacy does not track over-aligned memory.
  static void* Allocate(std::size_t bytes, std::size_t alignment) {
    ASHLAR_CHECK(alignment <= alignof(std::max_align_t), "Relacy has no over-aligned memory");
    return rl::ctx().alloc(bytes, /*is_array=*/false, Here("Create"));
  }
  static void CheckFree(const void* /*pointer*/, const Site& /*site*/) {}
  static void Free(void* pointer, std::size_t bytes, const Site& /*site*/) {
    // Relacy knows freed atomics and Vars by a word that their destructors clear; the
    // compiler may drop such a store.
    std::memset(pointer, kFreedByte, bytes);
    rl::ctx().free(pointer, /*is_array=*/false, Here("Destroy"));
  }
  static rl::debug_info Here(const char* function, SourceSite site = SourceSite::Current()) {
    return {function, site.file, site.line};
  }
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_PLATFORM_RELACY_PLATFORM_H_
