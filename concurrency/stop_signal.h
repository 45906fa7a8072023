// stop_signal.h
// -------------
// StopSignal: a request to stop, as a call that sleeps on an event count notices it.
//
//   template <class Stop = NeverStops>
//   bool Wait(const Stop& stop = {}) {           // a std::stop_token, if the caller has one
//     StopSignal<Stop, Events, Platform> signal(stop, events);
//     for (;;) {
//       const auto key = events.PrepareWait();
//       if (Look()) return events.CancelWait(), true;
//       if (signal.IsRaised()) return events.CancelWait(), false;
//       events.CommitWait(key);
//     }
//   }
//
// A request wakes all who sleep on the event count, since there is no saying who is woken; so none
// of them loses a wake-up to one who stops. What precedes the request happens before what follows
// an IsRaised() that says so.
//
// Stop is std::stop_token, NeverStops, or a type with a callback_type as C++26 gives
// std::stop_token. Thread safety: belongs to one thread, in whose scope it stays.
#ifndef ASHLAR_CONCURRENCY_STOP_SIGNAL_H_
#define ASHLAR_CONCURRENCY_STOP_SIGNAL_H_

#include <atomic>
#include <stop_token>

namespace ashlar {

// In place of a token: nobody ever asks. Costs nothing.
struct NeverStops {};

namespace internal_stop_signal {

template <class Stop, class Call>
struct CallbackOf {
  using Type = typename Stop::template callback_type<Call>;
};
template <class Call>
struct CallbackOf<std::stop_token, Call> {
  using Type = std::stop_callback<Call>;
};

}  // namespace internal_stop_signal

template <class Stop, class Events, class Platform>
class StopSignal {
 public:
  // Inline, g++ 12 takes the atomic of a checker's platform for used before it is initialised.
  [[gnu::noinline]] StopSignal(const Stop& stop, Events& events)
      : events_(events), callback_(stop, Raise{*this}) {}
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Look at it after PrepareWait.
  bool IsRaised() const noexcept {
    // (1) seq_cst: acquire, and a look as the event count's policy may want it. Pairs with (2).
    return raised_.load(std::memory_order_seq_cst);
  }

 private:
  struct Raise {
    StopSignal& signal;
    void operator()() const noexcept {
      // (2) seq_cst: release, and as above. Pairs with (1).
      signal.raised_.store(true, std::memory_order_seq_cst);
      signal.events_.NotifyAll();
    }
  };

  Events& events_;
  typename Platform::template Atomic<bool> raised_{false};
  // Last: it may call while it is constructed, and does not any more once it is destroyed.
  typename internal_stop_signal::CallbackOf<Stop, Raise>::Type callback_;
};

template <class Events, class Platform>
class StopSignal<NeverStops, Events, Platform> {
 public:
  StopSignal(NeverStops, Events&) noexcept {}
  static constexpr bool IsRaised() noexcept { return false; }
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_STOP_SIGNAL_H_
