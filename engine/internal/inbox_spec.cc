// Inbox is a pile of tasks that all who look see at once: what workers take is what was
// pushed, newest first, and nothing enters once it is closed.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/engine/internal/inbox.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

// One worker takes, and may put back what it took last; others push.
struct Pile {
  enum class Method : std::uint8_t { kPush, kPushTwo, kTakeAll, kReturn, kIsEmpty, kClose };
  struct Call {
    Method method = Method::kPush;
    std::uint8_t task = 0;  // kPush, and the first of kPushTwo; the other is the next number
  };
  // Tasks, newest first, up to a 0.
  using Chain = std::array<std::uint8_t, 40>;
  struct Result {
    bool yes = true;  // it was pushed, it is empty; else always
    Chain taken = {};
    friend bool operator==(const Result&, const Result&) = default;
  };
  struct State {
    std::vector<std::uint8_t> tasks;  // newest first
    std::vector<std::uint8_t> taken;  // by the worker, last
    bool closed = false;
    friend bool operator==(const State&, const State&) = default;
    template <class H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.tasks, state.taken, state.closed);
    }
  };

  Result Apply(State& state, const Call& call) const {
    const auto newest = state.tasks.begin();
    switch (call.method) {
      case Method::kPush:
        if (state.closed) return {.yes = false};
        state.tasks.insert(newest, call.task);
        return {};
      case Method::kPushTwo:
        if (state.closed) return {.yes = false};
        state.tasks.insert(newest, {call.task, static_cast<std::uint8_t>(call.task + 1)});
        return {};
      case Method::kTakeAll: {
        state.taken = std::exchange(state.tasks, {});
        Result result;
        std::copy(state.taken.begin(), state.taken.end(), result.taken.begin());
        return result;
      }
      case Method::kReturn:
        state.tasks.insert(newest, state.taken.begin(), state.taken.end());
        state.taken.clear();
        return {};
      case Method::kIsEmpty:
        return {.yes = state.tasks.empty()};
      case Method::kClose:
        state.closed = true;
        return {};
    }
    return {};
  }

  std::string Text(const Call& call) const {
    static constexpr const char* kNames[] = {"Push",   "PushTwo", "TakeAll",
                                             "Return", "Empty",   "Close"};
    const bool pushes = call.method == Method::kPush || call.method == Method::kPushTwo;
    return std::string(kNames[static_cast<int>(call.method)]) + "(" +
           (pushes ? std::to_string(call.task) : "") + ")";
  }
  std::string Text(const Result& result) const {
    if (!result.yes) return "no";
    const auto* const end = std::find(result.taken.begin(), result.taken.end(), 0);
    return end == result.taken.begin() ? "yes" : List({result.taken.begin(), end});
  }
  std::string Text(const State& state) const {
    return List(state.tasks) + (state.closed ? " closed" : "");
  }

 private:
  static std::string List(const std::vector<std::uint8_t>& tasks) {
    std::string text;
    for (const std::uint8_t task : tasks) text += (text.empty() ? "" : " ") + std::to_string(task);
    return "[" + text + "]";
  }
};

template <class Platform>
class InboxObject {
 public:
  using Specification = Pile;
  using Call = Pile::Call;
  using Method = Pile::Method;

  static constexpr int kThreads = 3;

  // A worker, and others, who push each task once.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    if (thread == 0) {
      return {{Method::kTakeAll}, {Method::kReturn}, {Method::kIsEmpty}, {Method::kClose}};
    }
    if (made.size() >= kPushes) return {};
    const auto task = static_cast<std::uint8_t>(2 * kPushes * (thread - 1) + 2 * made.size() + 1);
    return {{Method::kPush, task}, {Method::kPushTwo, task}};
  }
  Pile::Result Do(int, const Call& call) {
    switch (call.method) {
      case Method::kPush:
        return {.yes = Push(tasks_[call.task], tasks_[call.task])};
      case Method::kPushTwo:
        tasks_[call.task].next = &tasks_[call.task + 1];
        return {.yes = Push(tasks_[call.task], tasks_[call.task + 1])};
      case Method::kTakeAll:
        return TakeAll();
      case Method::kReturn:
        if (first_ != nullptr) inbox_.Return(std::exchange(first_, nullptr), last_);
        return {};
      case Method::kIsEmpty:
        return {.yes = inbox_.Empty()};
      default:
        inbox_.Close();
        return {};
    }
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{3, 2}}, {{2, 2, 1}}};
    return {{{3, 1}}, {{2, 2}}, {{2, 1, 1}}};
  }

 private:
  static constexpr std::size_t kPushes = 8;

  struct Task;
  // A pointer to the next task whose races are seen.
  class Link {
   public:
    Link& operator=(Task* next) {
      next_.Write() = next;
      return *this;
    }
    operator Task*() const { return next_.Read(); }  // NOLINT: as the pointer that it is

   private:
    typename Platform::template Var<Task*> next_;
  };
  struct Task {
    Link next;
  };

  bool Push(Task& first, Task& last) { return inbox_.Push(&first, &last); }
  Pile::Result TakeAll() {
    Pile::Result result;
    first_ = inbox_.TakeAll();
    int count = 0;
    for (Task* task = first_; task != nullptr; task = task->next) {
      result.taken[count++] = static_cast<std::uint8_t>(task - tasks_);
      last_ = task;
    }
    return result;
  }

  ashlar::internal::Inbox<Task, Platform> inbox_;
  Task tasks_[4 * kPushes + 2];
  // What the worker took last.
  Task* first_ = nullptr;
  Task* last_ = nullptr;
};

}  // namespace

std::vector<Object> Objects() { return {MakeObject<InboxObject>("Inbox")}; }

}  // namespace ashlar::verification::linearizability
