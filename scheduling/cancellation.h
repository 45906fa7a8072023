// cancellation.h
// --------------
// Cancellation: a request to stop, from who wants it to those who do the work.
//
//   CancellationSource source;
//   Start([token = source.token()] {
//     while (!token.IsCancelled()) DoAPiece();
//   });
//   source.Cancel();
//
//   CancellationCallback wake(token, [&] { events.NotifyAll(); });  // or be called
//
// What there is:
//
//   CancellationSource    cancels; its copies are the same source
//   CancellationToken     is asked, by any number of threads; cheap to copy
//   CancellationCallback  has a function called at the cancellation, while it lives;
//                         CancelSource is one that cancels another source
//   ScopedCancellation    a source that is cancelled when the scope ends
//   LinkedCancellation    a source that is cancelled when any of several tokens is, while it lives
//   LinkedStopSource      the same as a std::stop_source
//
// When to use: wherever work may become pointless. When not: to end a thread or a function from
// outside, which nothing here can do; work ends itself, when it looks.
//
// Contract. A source is cancelled once and stays so; the first Cancel says why, as the code of a
// status: Cancelled or DeadlineExceeded. What precedes it happens before what follows a token's
// IsCancelled() that says so, and before the callbacks.
// Callbacks run inside of Cancel, on its thread, the last one registered first; one that is
// registered later runs at once, inside of its constructor. They must not throw, and are better
// short. After its destructor a callback does not run and is not running: the destructor waits
// for another thread that is running it, and returns at once inside of the function itself. So a
// lock that the function takes must not be held there.
// The second of two Cancel at once returns false while the first may still be running callbacks.
//
// Interoperation. CancellationToken has the members of a C++26 stoppable token, so that what takes
// any Stop (stop_signal.h) takes it. LinkedCancellation also follows std::stop_tokens.
//
// Thread safety: sources and tokens as shared_ptr: one object belongs to one thread, copies to
// others. Any number of threads may ask the same token. Progress: IsCancelled is wait-free, all
// else blocks, for as long as it takes to change a list.
// Cost: IsCancelled is one relaxed load and a branch. A source is an allocation of 56 bytes, a
// copy a locked instruction, a callback two of them each to register and to deregister.
// Errors: a source's constructor throws std::bad_alloc.
#ifndef ASHLAR_SCHEDULING_CANCELLATION_H_
#define ASHLAR_SCHEDULING_CANCELLATION_H_

#include <concepts>
#include <cstdint>
#include <list>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/internal/cancellation_state.h"
#include "ashlar/scheduling/internal/running_call.h"

namespace ashlar {

enum class CancellationReason : std::uint32_t {
  kNone = 0,  // it is not cancelled
  kCancelled,
  kDeadlineExceeded,
};

template <class F>
class CancellationCallback;

class CancellationToken {
 public:
  // As std::stop_token::callback_type, of C++26.
  template <class F>
  using callback_type = CancellationCallback<F>;

  // A token of no source: never cancelled.
  CancellationToken() = default;
  CancellationToken(const CancellationToken& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) state_->Refer();
  }
  CancellationToken(CancellationToken&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  CancellationToken& operator=(CancellationToken other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~CancellationToken() {
    if (state_ != nullptr) state_->Release();
  }

  bool IsCancelled() const noexcept { return reason() != CancellationReason::kNone; }
  CancellationReason reason() const noexcept {
    if (state_ == nullptr) return CancellationReason::kNone;
    return static_cast<CancellationReason>(state_->Reason());
  }
  // Ok, Cancelled or DeadlineExceeded.
  absl::Status status() const;

  // False for a token of no source.
  bool CanBeCancelled() const noexcept { return state_ != nullptr; }

  // The same by the standard's names.
  bool stop_requested() const noexcept { return IsCancelled(); }
  bool stop_possible() const noexcept { return CanBeCancelled(); }

  // Whether they have the same source, or none.
  friend bool operator==(const CancellationToken& a, const CancellationToken& b) noexcept {
    return a.state_ == b.state_;
  }

 private:
  friend class CancellationSource;
  template <class F>
  friend class CancellationCallback;

  // Takes over a reference.
  explicit CancellationToken(internal::CancellationState<>* state) noexcept : state_(state) {}

  internal::CancellationState<>* state_ = nullptr;
};

class CancellationSource {
 public:
  CancellationSource() : token_(new internal::CancellationState<>) {}

  // Copies cancel the same. One that was moved from can only be destroyed or assigned to.
  CancellationSource(const CancellationSource&) = default;
  CancellationSource(CancellationSource&&) = default;
  CancellationSource& operator=(const CancellationSource&) = default;
  CancellationSource& operator=(CancellationSource&&) = default;

  // Runs the callbacks. False, without effect, if it was cancelled before.
  bool Cancel(CancellationReason reason = CancellationReason::kCancelled) noexcept {
    ASHLAR_CHECK(reason != CancellationReason::kNone, "a cancellation needs a reason");
    if (IsCancelled()) return false;
    // A callback may destroy this source.
    const CancellationToken keeps_the_state = token_;
    return keeps_the_state.state_->Cancel(static_cast<std::uint32_t>(reason),
                                          internal::ThisThread());
  }

  bool IsCancelled() const noexcept { return token_.IsCancelled(); }
  CancellationToken token() const noexcept { return token_; }

 private:
  CancellationToken token_;
};

// F: called once, with the reason if it takes one, else without arguments; must not throw. Neither
// copied nor moved.
template <class F>
class [[nodiscard]] CancellationCallback : private internal::CancellationState<>::Callback {
  using Callback = internal::CancellationState<>::Callback;

 public:
  using callback_type = F;

  template <class G = F>
  requires std::constructible_from<F, G> CancellationCallback(CancellationToken token, G&& f)
  noexcept(std::is_nothrow_constructible_v<F, G>)
      : Callback(&Run), token_(std::move(token)), function_(std::forward<G>(f)) {
    if (!token_.CanBeCancelled()) return;
    registered_ = token_.state_->Register(*this);
    if (!registered_) Run(*this);
  }
  ~CancellationCallback() {
    if (registered_) token_.state_->Deregister(*this, internal::ThisThread());
  }
  CancellationCallback(const CancellationCallback&) = delete;
  CancellationCallback& operator=(const CancellationCallback&) = delete;

 private:
  static void Run(Callback& callback) noexcept {
    auto& self = static_cast<CancellationCallback&>(callback);
    if constexpr (std::invocable<F&, CancellationReason>) {
      self.function_(self.token_.reason());
    } else {
      self.function_();
    }
  }

  CancellationToken token_;
  F function_;
  bool registered_ = false;
};
template <class F>
CancellationCallback(CancellationToken, F) -> CancellationCallback<F>;

// The function of a callback that cancels another source, for the same reason.
struct CancelSource {
  CancellationSource source;
  void operator()(CancellationReason reason = CancellationReason::kCancelled) noexcept {
    source.Cancel(reason);
  }
};

class [[nodiscard]] ScopedCancellation {
 public:
  ScopedCancellation() = default;
  explicit ScopedCancellation(CancellationSource source) noexcept : source_(std::move(source)) {}
  ~ScopedCancellation() {
    if (!dismissed_) source_.Cancel();
  }
  ScopedCancellation(const ScopedCancellation&) = delete;
  ScopedCancellation& operator=(const ScopedCancellation&) = delete;

  CancellationToken token() const noexcept { return source_.token(); }
  bool Cancel() noexcept { return source_.Cancel(); }

  // The end of the scope does not cancel.
  void Dismiss() noexcept { dismissed_ = true; }

 private:
  CancellationSource source_;
  bool dismissed_ = false;
};

class [[nodiscard]] LinkedCancellation {
 public:
  // CancellationTokens and std::stop_tokens. Its reason is that of the first that is cancelled.
  template <class... Tokens>
  requires(... &&
           (std::same_as<Tokens, CancellationToken> ||
            std::same_as<Tokens,
                         std::stop_token>)) explicit LinkedCancellation(const Tokens&... tokens) {
    (Link(tokens), ...);
  }
  LinkedCancellation(const LinkedCancellation&) = delete;
  LinkedCancellation& operator=(const LinkedCancellation&) = delete;

  // Follows one more. Not at the same time as another Link or Unlink.
  void Link(const CancellationToken& token) {
    if (token.CanBeCancelled()) links_.emplace_back(token, CancelSource{source_});
  }
  void Link(const std::stop_token& token) {
    if (token.stop_possible()) stop_links_.emplace_back(token, CancelSource{source_});
  }
  // Follows none any more, as after the destructor.
  void Unlink() noexcept {
    links_.clear();
    stop_links_.clear();
  }

  CancellationToken token() const noexcept { return source_.token(); }
  const CancellationSource& source() const noexcept { return source_; }
  bool IsCancelled() const noexcept { return source_.IsCancelled(); }
  bool Cancel(CancellationReason reason = CancellationReason::kCancelled) noexcept {
    return source_.Cancel(reason);
  }

 private:
  CancellationSource source_;
  std::list<CancellationCallback<CancelSource>> links_;
  std::list<std::stop_callback<CancelSource>> stop_links_;
};

class [[nodiscard]] LinkedStopSource {
 public:
  explicit LinkedStopSource(CancellationToken token) : link_(std::move(token), Follow{source_}) {}

  std::stop_token token() const noexcept { return source_.get_token(); }

 private:
  struct Follow {
    std::stop_source& source;
    void operator()() noexcept { source.request_stop(); }
  };

  std::stop_source source_;
  CancellationCallback<Follow> link_;
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_CANCELLATION_H_
