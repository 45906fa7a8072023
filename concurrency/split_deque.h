// split_deque.h
// -------------
// SplitDeque: a work-stealing deque whose owner pays for stealing only when there
// is stealing.
//
// The owner works at the head of an array, in a private part that no other thread
// looks at: Push and Pop are a few plain instructions there, without a fence, a
// locked instruction or a line that another thread writes. Thieves take the oldest
// items from a public part below it. When a thief finds nothing public it leaves a
// request; the owner meets the request at its next Push or Pop and moves the split,
// so that the older half of its private items becomes public.
//
//        public, oldest first         private          free
//   [ ... | top ........... | split ......... | head ........ )
//           thieves: CAS on top                 owner
//
// The items are meant to be pointers to tasks on the stack of the owner, which
// forks by Push, and joins by Pop. That gives the deque its one special rule:
//
//   When Pop says that an item was stolen, the place stays taken. The owner calls
//   Release for it once the thief is done with the item (it has to wait for that
//   anyway), and until then pushes only above it.
//
// Use it where one thread forks and joins in stack order and thieves are rare: a
// fork-join scheduler. Use ChaseLevDeque where items are independent of each other,
// or where an item must be visible to thieves the moment it was pushed.
//
// T: trivially copyable. Capacity: fixed; Push fails when it is reached, and the
// caller then does the work itself.
//
// Thread safety: Push, Pop, Release: the owner only. Steal, StealIf, Request, PublicSize:
// any thread. Progress: owner operations are wait-free but for taking back public items,
// which is lock-free, as is stealing.
//
// Bound: the word that owner and thieves meet on has a tag of 32 bits. A thief that is
// stopped within StealIf, while the owner publishes and takes back exactly a multiple of
// 2^32 times (a minute and more of nothing else), takes another item for the one that it
// looked at.
//
// Cost: Push and Pop of a private item about 2 ns together. One locked instruction
// to publish, one to take public items back (by halves), one to steal.
//
// After T. van Dijk and J. van de Pol, "Lace: Non-blocking Split Deque for
// Work-Stealing", Euro-Par 2014 workshops. Different here: the request is written
// into the limits that the owner compares its head with in any case (as language
// runtimes poll through the stack limit), owner and thieves meet on one atomic word
// so that no fence is needed at all, and a tag in that word rules out reuse.
#ifndef ASHLAR_CONCURRENCY_SPLIT_DEQUE_H_
#define ASHLAR_CONCURRENCY_SPLIT_DEQUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"
#include "ashlar/concurrency/steal_result.h"

namespace ashlar {

template <class T, class Platform = StdPlatform>
class SplitDeque {
  static_assert(std::is_trivially_copyable_v<T>, "items are copied while threads race for them");

 public:
  // Where an item lies: what Push returns and Pop and Release take.
  using Place = typename Platform::template Var<T>;

  static constexpr std::size_t kMaxCapacity = (std::size_t{1} << 16) - 1;

  // `capacity`: items, from 1 to kMaxCapacity.
  explicit SplitDeque(std::size_t capacity)
      : places_(Checked(capacity)),
        head_(places_.begin()),
        split_(places_.begin()),
        push_limit_(places_.end()),
        pop_limit_(places_.begin()),
        word_(0) {}
  SplitDeque(const SplitDeque&) = delete;
  SplitDeque& operator=(const SplitDeque&) = delete;

  // Owner. Adds an item and returns its place, or null when the deque is full.
  // `on_published()` is called if a request was met and items became public, the
  // new one perhaps among them.
  template <class OnPublished>
  Place* Push(T item, OnPublished&& on_published) {
    Place* const place = head_;
    // Relaxed: a request is a hint, and it is the owner who acts on it.
    if (place >= push_limit_.load(std::memory_order_relaxed)) [[unlikely]] {
      return PushSlowly<std::decay_t<OnPublished>>(item, on_published);
    }
    place->Write() = item;
    head_ = place + 1;
    return place;
  }

  // Owner. Takes back the newest item, whose place is `place`. False if it was
  // stolen: see Release. `on_published()` as in Push.
  template <class OnPublished>
  bool Pop(Place* place, OnPublished&& on_published) {
    if (place < pop_limit_.load(std::memory_order_relaxed)) [[unlikely]] {
      return PopSlowly<std::decay_t<OnPublished>>(place, on_published);
    }
    head_ = place;
    return true;
  }

  // Owner. Frees the place of an item that Pop reported stolen, and with which its
  // thief is done; the caller has synchronized with the thief.
  void Release(Place* place) {
    // Everything below was stolen too, so nothing is public and no thief's exchange
    // can succeed: plain stores do.
    head_ = place;
    split_ = place;
    StoreEmptyWord();
    pop_limit_.store(place, std::memory_order_relaxed);
  }

  // Owner. The index of the next place, counted from the bottom.
  std::uint32_t NextIndex() const { return static_cast<std::uint32_t>(Index(head_)); }

  // Owner. How many items are not stolen.
  std::size_t Size() const {
    return static_cast<std::size_t>(Index(head_) - Top(word_.load(std::memory_order_relaxed)));
  }

  // Any thread. Takes the oldest public item; where there is none the owner has then
  // been asked for more.
  StealResult<T> Steal() {
    return StealIf([](std::uint32_t) { return true; });
  }

  // Any thread. Takes the oldest public item, provided that `condition(its index)` holds
  // while it is that. What the owner did before it pushed the item is visible to the
  // condition.
  template <class Condition>
  StealResult<T> StealIf(Condition&& condition) {
    // Acquire (1): pairs with the release in Publish; the item and all that the owner
    // wrote before pushing it are visible.
    std::uint64_t word = word_.load(std::memory_order_acquire);
    const std::uint64_t top = Top(word);
    if (top == Split(word)) {
      Request();
      return {};
    }
    if (!condition(static_cast<std::uint32_t>(top))) return {};
    // Relaxed: success means that the word is the very one that (1) read; see the tag.
    if (!word_.compare_exchange_strong(word, word + kOneTop, std::memory_order_relaxed,
                                       std::memory_order_relaxed)) {
      return {StealOutcome::kRetry, T()};
    }
    // Read after the exchange: the place is ours until the owner releases it.
    return {StealOutcome::kSuccess, places_[top].Read()};
  }

  // Any thread. Asks the owner to publish at its next Push or Pop.
  void Request() {
    // Looked at first, so that many hungry thieves do not take the line from the owner.
    if (push_limit_.load(std::memory_order_relaxed) != places_.begin()) {
      push_limit_.store(places_.begin(), std::memory_order_relaxed);
    }
    if (pop_limit_.load(std::memory_order_relaxed) != places_.end()) {
      pop_limit_.store(places_.end(), std::memory_order_relaxed);
    }
  }

  // Any thread. How many items could be stolen now; exact only when nothing moves.
  std::size_t PublicSize() const {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    return static_cast<std::size_t>(Split(word) - Top(word));
  }

  std::size_t capacity() const { return places_.size(); }

 private:
  // The word: tag 32 bits, top 16, split 16. The owner changes the tag whenever it
  // writes the word, so that a thief that slept through a take-back and another
  // publication does not exchange an old word that looks like the new one.
  static constexpr int kTopShift = 16;
  static constexpr int kTagShift = 32;
  static constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << 16) - 1;
  static constexpr std::uint64_t kOneTop = std::uint64_t{1} << kTopShift;
  static constexpr std::uint64_t kOneTag = std::uint64_t{1} << kTagShift;

  static std::uint64_t Split(std::uint64_t word) { return word & kIndexMask; }
  static std::uint64_t Top(std::uint64_t word) { return (word >> kTopShift) & kIndexMask; }
  static std::uint64_t Tag(std::uint64_t word) { return word & ~(kOneTag - 1); }

  std::uint64_t Index(const Place* place) const {
    return static_cast<std::uint64_t>(place - places_.begin());
  }

  static std::size_t Checked(std::size_t capacity) {
    ASHLAR_CHECK(capacity >= 1 && capacity <= kMaxCapacity, "capacity of a SplitDeque");
    return capacity;
  }

  // `on_published` by value: by reference it would live in memory on the fast path too.
  template <class OnPublished>
  [[gnu::noinline, gnu::cold]] Place* PushSlowly(T item, OnPublished on_published) {
    Place* const place = head_;
    if (place == places_.end()) return nullptr;
    place->Write() = item;
    head_ = place + 1;
    Publish(head_);
    on_published();
    return place;
  }

  template <class OnPublished>
  [[gnu::noinline, gnu::cold]] bool PopSlowly(Place* place, OnPublished on_published) {
    if (place >= split_) {  // private: it was a request that led here
      head_ = place;
      if (place > split_) {
        Publish(place);
        on_published();
      }  // otherwise the request stands until there is something to give
      return true;
    }
    return TakeBack(place);
  }

  // Makes the older half of the private items below `limit`, one at least, public,
  // and clears the request.
  void Publish(Place* limit) {
    const std::ptrdiff_t count = (limit - split_ + 1) / 2;
    split_ += count;
    push_limit_.store(places_.end(), std::memory_order_relaxed);
    pop_limit_.store(split_, std::memory_order_relaxed);
    // Release: pairs with (1) in StealIf. An addition, because thieves may
    // move top meanwhile.
    word_.fetch_add(kOneTag + static_cast<std::uint64_t>(count), std::memory_order_release);
  }

  // Makes the newer half of the public items, `place` at least, private again.
  bool TakeBack(Place* place) {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t top = Top(word);
      const std::uint64_t index = Index(place);
      if (top > index) return false;
      const std::uint64_t split = top + (index - top) / 2;
      // Relaxed: the owner reads what it wrote itself, and a thief that could still
      // read one of these places would have changed the word.
      if (word_.compare_exchange_weak(word, (Tag(word) + kOneTag) | (top << kTopShift) | split,
                                      std::memory_order_relaxed, std::memory_order_relaxed)) {
        split_ = places_.begin() + split;
        pop_limit_.store(split_, std::memory_order_relaxed);
        head_ = place;
        return true;
      }
    }
  }

  // No exchange of a thief can interfere: thieves leave an empty word alone, and
  // every non-empty one they may remember has another tag.
  void StoreEmptyWord() {
    const std::uint64_t tag = Tag(word_.load(std::memory_order_relaxed)) + kOneTag;
    const std::uint64_t index = Index(split_);
    word_.store(tag | (index << kTopShift) | index, std::memory_order_relaxed);
  }

  // The owner's line.
  const PlatformArray<Place, Platform> places_;
  Place* head_;   // one past the newest item
  Place* split_;  // the first private place, as in the word

  // Read by the owner at every operation; written by thieves when they are hungry and
  // by the owner when the split moves. A request sets each limit to the value that
  // sends every operation down the slow path; split_ remains the truth.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<Place*> push_limit_;
  typename Platform::template Atomic<Place*> pop_limit_;

  // What thieves poll.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<std::uint64_t> word_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_SPLIT_DEQUE_H_
