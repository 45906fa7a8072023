// GroupState: the members of a group, from admission to their end, and the wait for all of them.
//
// A member is pending, then running, then ended: completed, failed or cancelled. The group does
// not run members; *runners* do, functions that an executor runs later, and *helpers*, threads
// that wait for the group. Runners are not tied to members: each takes the oldest pending one.
//
//   Add(member)     admits it, or not. If it says kNeedsRunner, the caller posts a runner:
//   runner:         for (member = BeginRunner(); member != null;) {
//                     run it; member = End(*member, ...);
//                   }
//                   if (Release()) destroy the group state;
//   no runner:      refused or dropped by the executor: DropRunner() gives what nobody will run
//   Refuse()        nothing is admitted any more; gives what was pending
//   helper:         Look(...) gives a member to run, or a ticket to Sleep(ticket)
//   Join(joiner)    for who does not wait: the call that ends the group gives the joiners to its
//                   caller, who tells them
//
// While something is pending that may run, a runner is on its way, or somebody runs a member and
// will look for the next one. The group ends when a wait or a Join finds nothing unfinished, or
// when the last one ends and somebody has joined: afterwards nothing is admitted. All is under one
// lock, but for the count of references: the owner has one, and each runner, which may come when
// the group is long over.
//
// Progress: blocking.
#ifndef ASHLAR_SCHEDULING_INTERNAL_GROUP_STATE_H_
#define ASHLAR_SCHEDULING_INTERNAL_GROUP_STATE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/spin_park_mutex.h"

namespace ashlar::internal {

enum class MemberState : std::uint8_t { kPending, kRunning, kCompleted, kFailed, kCancelled };

struct MemberCounts {
  std::size_t pending = 0;
  std::size_t running = 0;
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t cancelled = 0;
  std::size_t refused = 0;  // not admitted, since it was cancelled before
};

template <class Platform = StdPlatform, class Mutex = SpinParkMutex<Platform>>
class GroupState {
  template <class T>
  using Var = typename Platform::template Var<T>;

 public:
  class Member {
   public:
    Member() = default;
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    // By order of admission, from 0.
    std::size_t index() const noexcept { return index_; }
    Member* next() const noexcept { return next_; }
    // Under the group's lock, or when it has ended.
    MemberState state() const noexcept { return state_; }

   private:
    friend GroupState;
    // Like what is in Data: not to be touched but under the lock, while it is in a list.
    Member* next_ = nullptr;
    Member* previous_ = nullptr;
    std::size_t index_ = 0;
    MemberState state_ = MemberState::kPending;
  };

  // Somebody who is told of the end, and is there until then.
  class Joiner {
   public:
    Joiner() = default;
    Joiner(const Joiner&) = delete;
    Joiner& operator=(const Joiner&) = delete;

    Joiner* next() const noexcept { return next_; }

   private:
    friend GroupState;
    Joiner* next_ = nullptr;  // as in Member
  };

  static constexpr std::size_t kUnlimited = ~std::size_t{0};

  // `limit`: of members that run at the same time, at least 1. With one reference.
  explicit GroupState(std::size_t limit) noexcept : limit_(limit) {}
  GroupState(const GroupState&) = delete;
  GroupState& operator=(const GroupState&) = delete;

  // relaxed: who makes another reference has one.
  void Refer() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  // Gives a reference back. True for the last one: destroy this.
  [[nodiscard]] bool Release() noexcept {
    // (1) acq_rel: what each holder did happens before the end. Pairs with itself.
    return references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  struct Admission {
    enum Kind { kRefused, kQueued, kNeedsRunner, kRuns };
    Kind kind = kRefused;
    std::size_t index = 0;  // of the member, by order of admission
  };

  // kNeedsRunner: a runner must follow, or a DropRunner; it has a reference. Unless it is refused,
  // the member may have ended already.
  [[nodiscard]] Admission Add(Member& member) noexcept {
    Data& data = Lock();
    if (!data.Admit(member)) return mutex_.unlock(), Admission{};
    const std::size_t index = member.index_;
    data.pending.Append(member);
    MemberCounts& counts = data.counts;
    ++counts.pending;
    const bool needs_runner = counts.running + data.posted < limit_;
    if (needs_runner) {
      ++data.posted;
      Refer();
    }
    const bool wake = data.helpers > 0;
    if (wake) Change();
    mutex_.unlock();
    if (wake) [[unlikely]]
      Platform::WakeAll(changes_);
    return {needs_runner ? Admission::kNeedsRunner : Admission::kQueued, index};
  }

  // For an executor that runs functions inside of the call: admits a member that the caller runs
  // and ends (kRuns), if it may run at once.
  [[nodiscard]] Admission AddRunning(Member& member) noexcept {
    Data& data = Lock();
    if (!data.Admit(member)) return mutex_.unlock(), Admission{};
    const std::size_t index = member.index_;
    MemberCounts& counts = data.counts;
    const bool runs = counts.running < limit_;
    if (runs) {
      data.running.Append(member);
      member.state_ = MemberState::kRunning;
    } else {
      data.pending.Append(member);
    }
    ++(runs ? counts.running : counts.pending);
    mutex_.unlock();
    return {runs ? Admission::kRuns : Admission::kQueued, index};
  }

  // A runner begins. Null if nothing is to be run.
  [[nodiscard]] Member* BeginRunner() noexcept {
    Data& data = Lock();
    --data.posted;
    Member* const member = data.TakePending(limit_);
    mutex_.unlock();
    return member;
  }

  // A runner will not come. What now nobody would run, linked by next(), to be ended.
  [[nodiscard]] Member* DropRunner() noexcept {
    Data& data = Lock();
    --data.posted;
    MemberCounts& counts = data.counts;
    // With a limit, whoever runs one goes on with the next; without, each needs a runner.
    const bool others_come = counts.running + data.posted > 0;
    const std::size_t served = !IsLimited() ? data.posted : others_come ? counts.pending : 0;
    Member* orphans = nullptr;
    while (counts.pending > served) {
      Member* const member = data.pending.last;
      data.pending.Remove(*member);
      --counts.pending;
      member->next_ = orphans;
      orphans = member;
    }
    mutex_.unlock();
    return orphans;
  }

  struct Due {
    Member* member = nullptr;   // must be run and ended
    Joiner* joiners = nullptr;  // must be told, linked by next(): this call has ended the group
  };
  // Ends a member, which is running, or was given by DropRunner or Refuse, as `state`. If `keep`,
  // it stays with the group (TakeKept), else it is the caller's. Gives what is due now: nothing, or
  // one of both.
  [[nodiscard]] Due End(Member& member, MemberState state, bool keep) noexcept {
    Data& data = Lock();
    MemberCounts& counts = data.counts;
    const bool was_running = member.state_ == MemberState::kRunning;
    if (was_running) {
      data.running.Remove(member);
      --counts.running;
    }
    member.state_ = state;
    ++(state == MemberState::kCompleted ? counts.completed
       : state == MemberState::kFailed  ? counts.failed
                                        : counts.cancelled);
    if (keep) data.kept.Append(member);
    Member* const next = was_running && IsLimited() ? data.TakePending(limit_) : nullptr;
    return {next, Finish(data)};
  }

  bool IsLimited() const noexcept { return limit_ != kUnlimited; }

  // Something else that the group waits for, such as a group inside of it. False if it is over.
  [[nodiscard]] bool AddChild() noexcept {
    Data& data = Lock();
    const bool admitted = !data.ended;
    if (admitted) ++data.unfinished;
    mutex_.unlock();
    return admitted;
  }
  // Gives who must be told, as End does.
  [[nodiscard]] Joiner* EndChild() noexcept { return Finish(Lock()); }

  // Nothing is admitted any more. What was pending, linked by next(), to be ended.
  [[nodiscard]] Member* Refuse() noexcept {
    Data& data = Lock();
    data.refuses = true;
    Member* const members = data.pending.TakeAll();
    data.counts.pending = 0;
    mutex_.unlock();
    return members;
  }

  struct View {
    bool ended = false;        // there is nothing unfinished, and never will be
    bool first = false;        // and this is the first that says so
    Member* member = nullptr;  // begun: run it and end it
    std::uint32_t ticket = 0;  // else: a Sleep must follow
  };
  // A step of a wait. `helps`: it runs members.
  [[nodiscard]] View Look(bool helps) noexcept {
    Data& data = Lock();
    View view = data.Look();
    if (!view.ended && helps) view.member = data.TakePending(limit_);
    if (!view.ended && view.member == nullptr) {
      ++data.waiters;
      data.helpers += helps ? 1 : 0;
      view.ticket = changes_.load(std::memory_order_relaxed);
    }
    mutex_.unlock();
    return view;
  }
  // Until there may be something to see. False only if the time was up.
  bool Sleep(std::uint32_t ticket, bool helps, std::chrono::nanoseconds time) noexcept {
    const bool in_time = Platform::WaitFor(changes_, ticket, time);
    StopWaiting(helps);
    return in_time;
  }
  void Sleep(std::uint32_t ticket, bool helps) noexcept {
    Platform::Wait(changes_, ticket);
    StopWaiting(helps);
  }

  // The joiner will be told, unless the group has ended.
  [[nodiscard]] View Join(Joiner& joiner) noexcept {
    Data& data = Lock();
    const View view = data.Look();
    if (!view.ended) {
      joiner.next_ = data.joiners;
      data.joiners = &joiner;
    }
    mutex_.unlock();
    return view;
  }

  // Begins one that may run; the caller runs and ends it. Null if there is none.
  [[nodiscard]] Member* Begin() noexcept {
    Member* const member = Lock().TakePending(limit_);
    mutex_.unlock();
    return member;
  }

  // Whether there is something pending that may run.
  [[nodiscard]] bool MayHelp() noexcept {
    const Data& data = Lock();
    const MemberCounts& counts = data.counts;
    const bool may = counts.pending > 0 && counts.running < limit_;
    mutex_.unlock();
    return may;
  }

  MemberCounts Counts() noexcept {
    const MemberCounts counts = Lock().counts;
    mutex_.unlock();
    return counts;
  }

  // Those that ended and were kept, linked by next(), the first to end first. When nothing else
  // uses the group.
  Member* TakeKept() noexcept { return data_.Write().kept.TakeAll(); }

  // visit(member) for the ones that are running, pending, and kept, under the lock.
  template <class Visit>
  void VisitMembers(Visit&& visit) noexcept {
    const Data& data = Lock();
    for (const List* const list : {&data.running, &data.pending, &data.kept}) {
      for (Member* member = list->first; member != nullptr; member = member->next_) visit(*member);
    }
    mutex_.unlock();
  }

 private:
  struct List {
    Member* first = nullptr;
    Member* last = nullptr;

    void Append(Member& member) noexcept {
      member.next_ = nullptr;
      member.previous_ = last;
      (last != nullptr ? last->next_ : first) = &member;
      last = &member;
    }
    void Remove(Member& member) noexcept {
      (member.previous_ != nullptr ? member.previous_->next_ : first) = member.next_;
      (member.next_ != nullptr ? member.next_->previous_ : last) = member.previous_;
    }
    Member* TakeAll() noexcept {
      last = nullptr;
      return std::exchange(first, nullptr);
    }
  };

  // What is under the lock; to the checkers one location.
  struct Data {
    bool refuses = false;
    bool ended = false;
    unsigned waiters = 0;  // asleep, or about to
    unsigned helpers = 0;  // those of them who run members
    std::size_t admitted = 0;
    std::size_t unfinished = 0;  // members and children
    std::size_t posted = 0;      // runners that are on their way
    MemberCounts counts;
    Joiner* joiners = nullptr;  // only while something is unfinished
    List pending;
    List running;
    List kept;

    bool Admit(Member& member) noexcept {
      if (ended) return false;
      if (refuses) return ++counts.refused, false;
      member.index_ = admitted++;
      ++unfinished;
      return true;
    }
    // Ends the group if nothing is unfinished.
    View Look() noexcept {
      if (unfinished > 0) return {};
      return {.ended = true, .first = !std::exchange(ended, true)};
    }
    // Begins the oldest, if it may.
    Member* TakePending(std::size_t limit) noexcept {
      Member* const member = pending.first;
      if (member == nullptr || counts.running >= limit) return nullptr;
      pending.Remove(*member);
      running.Append(*member);
      member->state_ = MemberState::kRunning;
      --counts.pending;
      ++counts.running;
      return member;
    }
  };

  Data& Lock() noexcept {
    mutex_.lock();
    return data_.Write();
  }

  // relaxed: it changes under the lock, and who sleeps on it looks under the lock.
  void Change() noexcept {
    changes_.store(changes_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  // One less is unfinished. Under the lock, which it unlocks. Gives who joined, if that ends it.
  [[nodiscard]] Joiner* Finish(Data& data) noexcept {
    const bool last = --data.unfinished == 0;
    Joiner* const joiners = last ? data.joiners : nullptr;
    if (joiners != nullptr) [[unlikely]] {
      data.joiners = nullptr;
      data.ended = true;
    }
    const bool wake = last && data.waiters > 0;
    if (wake) Change();
    mutex_.unlock();
    if (wake) Platform::WakeAll(changes_);
    return joiners;
  }

  void StopWaiting(bool helps) noexcept {
    Data& data = Lock();
    --data.waiters;
    data.helpers -= helps ? 1 : 0;
    mutex_.unlock();
  }

  const std::size_t limit_;
  Mutex mutex_;
  typename Platform::template Atomic<std::uint32_t> references_{1};
  typename Platform::template Atomic<std::uint32_t> changes_{0};  // what waiters sleep on
  typename Platform::template Var<Data> data_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_GROUP_STATE_H_
