// TimerWheel: timers by the tick at which they are due: a hierarchical wheel, for one thread.
//
// Time is counted in ticks, which only the caller knows the length of. A timer lies in the slot of
// the first digit, from the top and in base 64, in which its time differs from the present one;
// when time comes to the beginning of that slot, it moves down to where the next digit says. So
// all timers of a level are due before those of the levels above, and in a level those of a slot
// before those of the slots after it: the next one is found by two looks at bits.
//
// A timer that is put off, or suspended, stays where it is, and is moved or forgotten when its slot
// comes: what is cancelled and set again all the time, as timeouts are, costs no change of a list.
//
// A slot moves down in as many steps as it has timers. Between two of them anything may be done but
// let time pass: the present time is the beginning of that slot, so a timer that is set meanwhile
// lies below it or in another one, and the slot only becomes emptier.
//
// Cost: Schedule, Suspend and Remove are constant; PopExpired amounts to at most a step a level for
// each timer, and the caller bounds the steps of a call.
// Thread safety: that of a container.
// Source: G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", 1987, scheme 7; the
// bits, and the digit by exclusive or, as in tokio.
#ifndef ASHLAR_SCHEDULING_INTERNAL_TIMER_WHEEL_H_
#define ASHLAR_SCHEDULING_INTERNAL_TIMER_WHEEL_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace ashlar::internal {

class TimerWheel {
 public:
  using Tick = std::uint64_t;

  static constexpr int kLevels = 10;
  // The last one that a timer can be due at.
  static constexpr Tick kLast = (Tick{1} << (6 * kLevels)) - 2;

  // A timer, which its owner keeps until it is removed or popped.
  class Node {
   public:
    Node() = default;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

   private:
    friend TimerWheel;
    Node* next_ = nullptr;
    Node** previous_ = nullptr;  // what points here; null if it lies in no slot
    Tick due_ = kNever;
    Tick place_ = 0;  // the beginning of its slot, and in the lowest four bits the level
  };

  explicit TimerWheel(Tick now = 0) : now_(now) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  Tick now() const { return now_; }

  // Sets it, or sets it anew. It is due at `due`, at the next tick if that is not in the future,
  // and at kLast if that is earlier.
  void Schedule(Node& node, Tick due) {
    due = std::min(std::max(due, now_ + 1), kLast);
    node.due_ = due;
    if (node.previous_ != nullptr) {
      if (BeginOf(node) <= due) return;
      Unlink(node);
    }
    Link(node, due);
  }

  // It is not due any more; but it must be kept. False if it was not set.
  bool Suspend(Node& node) {
    if (node.previous_ == nullptr || node.due_ == kNever) return false;
    node.due_ = kNever;
    return true;
  }

  // The same, and it need not be kept.
  bool Remove(Node& node) {
    if (node.previous_ == nullptr) return false;
    Unlink(node);
    return node.due_ != kNever;
  }

  // No timer is due before. Nothing if there is none.
  std::optional<Tick> NextTime() const {
    if (levels_ == 0) return std::nullopt;
    const int level = NextLevel();
    // Above the digit of the level, as now.
    const Tick upper = now_ >> (6 * level) >> 6 << 6;
    const auto slot = static_cast<Tick>(std::countr_zero(slots_[level]));
    return (upper | slot) << (6 * level);
  }

  // Takes out one that is due at `now` or before, those of earlier ticks first. Counts `steps` down
  // for each other one that it moves or forgets. Null if none is due, and then it is `now`; or if
  // no steps are left: then there may be one.
  Node* PopExpired(Tick now, int& steps) {
    now = std::min(now, kLast);
    for (; steps > 0; --steps) {
      const std::optional<Tick> next = NextTime();
      if (!next || *next > now) {
        now_ = std::max(now_, now);
        return nullptr;
      }
      leaving_ = NextLevel();
      now_ = *next;
      Node& node = *first_[leaving_][Slot(now_, leaving_)];
      Unlink(node);
      if (node.due_ <= now_) return &node;
      if (node.due_ != kNever) Link(node, node.due_);
    }
    return nullptr;
  }

 private:
  static constexpr Tick kNever = kLast + 1;

  static std::size_t Slot(Tick time, int level) { return (time >> (6 * level)) % 64; }
  static Tick BeginOf(const Node& node) { return node.place_ >> 4; }

  // Where the slot is that comes next: if one is moving down, that one, until it is empty.
  int NextLevel() const {
    const bool is_empty = (slots_[leaving_] >> Slot(now_, leaving_)) % 2 == 0;
    return is_empty ? std::countr_zero(levels_) : leaving_;
  }

  void Link(Node& node, Tick time) {
    const Tick differing = time ^ now_;
    const int level = differing == 0 ? 0 : (std::bit_width(differing) - 1) / 6;
    const std::size_t slot = Slot(time, level);
    node.place_ = time >> (6 * level) << (6 * level) << 4 | static_cast<Tick>(level);
    Node*& first = first_[level][slot];
    node.next_ = first;
    node.previous_ = &first;
    if (first != nullptr) first->previous_ = &node.next_;
    first = &node;
    slots_[level] |= std::uint64_t{1} << slot;
    levels_ |= 1u << level;
  }

  void Unlink(Node& node) {
    *node.previous_ = node.next_;
    if (node.next_ != nullptr) node.next_->previous_ = node.previous_;
    node.previous_ = nullptr;
    const int level = static_cast<int>(node.place_ % 16);
    const std::size_t slot = Slot(BeginOf(node), level);
    if (first_[level][slot] != nullptr) return;
    slots_[level] &= ~(std::uint64_t{1} << slot);
    if (slots_[level] == 0) levels_ &= ~(1u << level);
  }

  Tick now_;
  int leaving_ = 0;                    // the level of the slot that moved down last
  unsigned levels_ = 0;                // a bit for each level that is not empty
  std::uint64_t slots_[kLevels] = {};  // and for each slot
  Node* first_[kLevels][64] = {};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_TIMER_WHEEL_H_
