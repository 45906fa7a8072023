#include "ashlar/verification/rc11/report/why.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/report/operation_text.h"
#include "ashlar/verification/rc11/report/strengthen.h"

namespace ashlar::verification::rc11 {
namespace {

constexpr std::size_t kMaxCures = 3;
constexpr int kMaxOldValues = 4;

std::string Thread(int thread) { return "T" + std::to_string(thread); }

std::string At(const SourceSite& place) { return IsKnown(place) ? " at " + Where(place) : ""; }

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

class Explanation {
 public:
  Explanation(const Graph& graph, const Failure& failure, const std::vector<Step>& steps,
              const Names& names)
      : graph_(graph), failure_(failure), steps_(steps), names_(names) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      number_[steps[i].event] = static_cast<int>(i) + 1;
      if (steps[i].write != Graph::kNone) number_[steps[i].write] = static_cast<int>(i) + 1;
    }
  }

  std::vector<std::string> Lines() {
    switch (failure_.kind) {
      case Failure::Kind::kRace:
        Race();
        break;
      case Failure::Kind::kHang:
        for (const Failure::Waiting& waiting : failure_.waiting) Hang(waiting);
        Cures();
        break;
      case Failure::Kind::kWrong:
        Quote(failure_.place);
        OldValues();
        Cures();
        break;
      case Failure::Kind::kTooLarge:
        Say("A loop without SpinWait(), or too much for one scenario: these are all steps that "
            "fit.");
        break;
      case Failure::Kind::kNotDeterministic:
        if (!failure_.message.empty()) Message();
        Say("It read the same as before. Does it use a clock, random numbers, addresses that"
            " change, or memory that is neither Atomic nor Var?");
        break;
    }
    return std::move(lines_);
  }

 private:
  void Say(std::string line) { lines_.push_back(std::move(line)); }
  void Quote(const SourceSite& place) {
    if (!IsKnown(place)) return;
    if (const std::string line = names_.Line(place); !line.empty()) Say("    " + line);
  }

  std::string StepText(EventId id) const {
    return Graph::IsInitial(id) ? "the initial value" : "step " + std::to_string(number_[id]);
  }
  // "the store at mailbox.h:13", or "the store of step 2" if the source is not known.
  std::string Operation(EventId id) const {
    const Event& event = graph_[id];
    const std::string noun = "the " + std::string(Noun(event.operation));
    if (!IsKnown(event.operation.place)) return noun + " of " + StepText(id);
    return noun + At(event.operation.place) + " (" + StepText(id) + ")";
  }

  void Message() {
    const std::string& message = failure_.message;
    for (std::size_t begin = 0; begin < message.size();) {
      const std::size_t end = std::min(message.find('\n', begin), message.size());
      if (end > begin) Say("  " + message.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  void Race() {
    if (Cures()) return;
    const Event& second = graph_[failure_.second];
    const int other = graph_[failure_.first].thread;
    EventId last = Graph::kNone;
    for (int index = 0; index < graph_.ThreadSize(other); ++index) {
      const EventId id = graph_.ThreadAt(other, index);
      if (second.porf.Contains(id)) last = id;
    }
    Say("No happens-before, and no memory order would give one: " + Thread(second.thread) +
        " has read nothing that " + Thread(other) + " wrote" +
        (last == Graph::kNone ? "" : " after " + StepText(last)) + ".");
  }

  // What it reads before it spins: the last read, and what stands on the same line as that
  // or as its SpinWait().
  void Hang(const Failure::Waiting& waiting) {
    const int thread = waiting.thread;
    if (Sleeps(thread)) return;
    std::vector<int> seen;
    SourceSite last = waiting.place;
    for (int index = graph_.ThreadSize(thread) - 1; index >= 0; --index) {
      const EventId id = graph_.ThreadAt(thread, index);
      const Event& event = graph_[id];
      if (event.IsWrite()) break;
      const int location = event.operation.location;
      if (event.IsFence() || std::count(seen.begin(), seen.end(), location) > 0) continue;
      const SourceSite& place = event.operation.place;
      if (!seen.empty() && !SameLine(place, waiting.place) && !SameLine(place, last)) continue;
      if (seen.empty()) last = place;
      seen.push_back(location);
      if (Locked(id)) {
        Quote(place);
        continue;
      }
      Awaited(id);
      Quote(place);
      Missed(id);
    }
  }
  // Whether it waits for a lock, and who has that.
  bool Locked(EventId id) {
    const Event& read = graph_[id];
    if (read.operation.verb != Verb::kLock || Graph::IsInitial(read.reads_from)) return false;
    Say("T" + std::to_string(read.thread) + " waits for " +
        names_.Location(read.operation.location) + ", which T" +
        std::to_string(graph_[read.reads_from].thread) + " has locked in " +
        StepText(read.reads_from) + ".");
    return true;
  }
  // Whether it does, and on what, and who woke too early.
  bool Sleeps(int thread) {
    const int size = graph_.ThreadSize(thread);
    if (size == 0) return false;
    const EventId last = graph_.ThreadAt(thread, size - 1);
    if (!graph_[last].operation.sleeps) return false;
    const EventId look = graph_.ThreadAt(thread, size - 3);
    const Event& word = graph_[look];
    const int location = word.operation.location;
    Say("T" + std::to_string(thread) + " sleeps on " + names_.Location(location) + ": in " +
        StepText(look) + " it read " + names_.Text(location, word.value) + ", from " +
        StepText(word.reads_from) + ", and nobody wakes it after that.");
    Quote(word.operation.place);
    for (EventId id = word.reads_from; id != Graph::kNone; id = graph_[id].mo_after) {
      if (id == word.reads_from || graph_[id].thread == thread) continue;
      Say("It does not see the " + names_.Text(location, graph_[id].value) + " of " +
          Operation(id) + ".");
    }
    for (EventId id = graph_[last].mo_before; !Graph::IsInitial(id); id = graph_[id].mo_before) {
      if (graph_[graph_.RmwRead(id)].operation.verb != Verb::kWake) continue;
      Say("The wake-up of " + StepText(id) + " comes before it falls asleep.");
    }
    return true;
  }
  static bool SameLine(const SourceSite& a, const SourceSite& b) {
    return IsKnown(a) && IsKnown(b) && a.line == b.line && std::strcmp(a.file, b.file) == 0;
  }
  void Awaited(EventId id) {
    const Event& read = graph_[id];
    const std::string location = names_.Location(read.operation.location);
    Say(Thread(read.thread) + " waits for " + location + " to change: it reads " +
        names_.Text(read.operation.location, read.value) + ", from " + StepText(read.reads_from) +
        ", the last write in its modification order.");
  }
  void Missed(EventId id) {
    const Event& read = graph_[id];
    bool any = false;
    for (EventId write = graph_[read.reads_from].mo_before;
         !Graph::IsInitial(read.reads_from) && !Graph::IsInitial(write);
         write = graph_[write].mo_before) {
      const Event& missed = graph_[write];
      if (missed.value == read.value || missed.thread == read.thread) continue;
      Say("It never sees the " + names_.Text(missed.operation.location, missed.value) + " of " +
          Operation(write) + ", which " + StepText(read.reads_from) + " overwrites.");
      Quote(missed.operation.place);
      any = true;
    }
    if (!any) Say("Nobody writes another value to it after that.");
  }

  void OldValues() {
    int old = 0;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (step.overtaken == Graph::kNone || ++old > kMaxOldValues) continue;
      const Event& event = graph_[step.event];
      const std::string number = "Step " + std::to_string(i + 1);
      const std::string newer = StepText(step.overtaken);
      if (event.IsRead() && step.write == Graph::kNone) {
        Say(number + " reads an old value of " + names_.Location(event.operation.location) + ": " +
            newer + " has written " +
            names_.Text(event.operation.location, graph_[step.overtaken].value) + ".");
      } else {
        Say(number + " comes before " + newer + " in the modification order of " +
            names_.Location(event.operation.location) + ".");
      }
    }
  }

  // False if there are none.
  bool Cures() {
    std::vector<Cure> cures = FindCures(graph_, failure_);
    if (cures.empty()) {
      if (failure_.kind == Failure::Kind::kRace) return false;
      Say(SequentialConsistency(graph_)
              ? "No memory order forbids this: it is an interleaving in which every read sees the"
                " newest value."
              : "No memory order forbids this execution.");
      return false;
    }
    if (cures.size() > 1) Say("Each of these alone prevents it:");
    for (std::size_t i = 0; i < std::min(cures.size(), kMaxCures); ++i) Say(cures[i]);
    if (cures.size() > kMaxCures) {
      Say("and " + std::to_string(cures.size() - kMaxCures) + " more like these.");
    }
    return true;
  }

  void Say(const Cure& cure) {
    const std::string then =
        cure.orders ? "the two accesses would be ordered." : "this execution would not exist.";
    if (cure.changes.size() == 1) {
      const Change& change = cure.changes.front();
      Say(Sentence(Lack(change)) + " With " + Remedy(change) + ", " + then);
      Quote(change);
      return;
    }
    std::vector<std::string> remedies;
    for (const Change& change : cure.changes) {
      Say(Sentence(Lack(change)));
      Quote(change);
      if (std::count(remedies.begin(), remedies.end(), Remedy(change)) == 0) {
        remedies.push_back(Remedy(change));
      }
    }
    const bool fences = cure.changes.front().before_fence != Graph::kNone;
    Say("With " + Join(remedies) + (fences ? " in each of these places, " : " together, ") + then);
  }
  std::string Sentence(std::string text) const {
    if (failure_.kind == Failure::Kind::kRace) return "No happens-before: " + text + ".";
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text + ".";
  }
  std::string Lack(const Change& change) const {
    if (change.before_fence == Graph::kNone) {
      const Event& event = graph_[change.event];
      const bool failed = event.operation.compare && event.order == event.operation.failure &&
                          !IsWritten(change.event);
      return Operation(change.event) + " is " + std::string(Text(event.order)) +
             (failed ? " on failure" : "");
    }
    return "there is no fence between " + Operation(change.event) + " and " +
           Operation(change.before_fence);
  }
  // Whether a read-modify-write has its other half.
  bool IsWritten(EventId read) const {
    return std::any_of(steps_.begin(), steps_.end(), [&](const Step& step) {
      return step.event == read && step.write != Graph::kNone;
    });
  }
  static std::string Remedy(const Change& change) {
    const std::string order(Text(change.to));
    return change.before_fence == Graph::kNone ? order : "a " + order + " fence";
  }
  void Quote(const Change& change) {
    Quote(graph_[change.event].operation.place);
    if (change.before_fence != Graph::kNone) {
      Quote(graph_[change.before_fence].operation.place);
    }
  }

  const Graph& graph_;
  const Failure& failure_;
  const std::vector<Step>& steps_;
  const Names& names_;
  int number_[Graph::kMaxEvents] = {};
  std::vector<std::string> lines_;
};

// Headlines have whole paths, for editors to follow.
std::string AtPath(const SourceSite& place) {
  return IsKnown(place) ? " at " + FullWhere(place) : "";
}

std::string RaceKind(const Event& first, const Event& second) {
  const auto either = [&](Verb verb) {
    return first.operation.verb == verb || second.operation.verb == verb;
  };
  if (either(Verb::kDestroy)) return "use after free of ";
  if (either(Verb::kConstruct)) return "use before construction of ";
  return "data race on ";
}

std::string Access(const Event& event) {
  return Thread(event.thread) + "'s " + std::string(Noun(event.operation)) +
         AtPath(event.operation.place);
}

}  // namespace

std::string Headline(const Graph& graph, const Failure& failure, const Names& names) {
  switch (failure.kind) {
    case Failure::Kind::kRace: {
      const Event& first = graph[failure.first];
      const Event& second = graph[failure.second];
      return RaceKind(first, second) + names.Location(first.operation.location) + ": " +
             Access(first) + " and " + Access(second);
    }
    case Failure::Kind::kHang: {
      std::vector<std::string> waiting;
      for (const Failure::Waiting& thread : failure.waiting) {
        waiting.push_back(Thread(thread.thread) + AtPath(thread.place));
      }
      return "waits for ever: " + Join(waiting);
    }
    case Failure::Kind::kTooLarge:
      return "more than " + std::to_string(Graph::kMaxEvents) + " operations in one execution";
    case Failure::Kind::kNotDeterministic:
      return "not deterministic: " + Thread(failure.thread) + " did something else when it was" +
             " run again," + AtPath(failure.place);
    case Failure::Kind::kWrong:
      break;
  }
  return failure.message + " in " + (failure.thread < 0 ? "After()" : Thread(failure.thread)) +
         AtPath(failure.place);
}

std::vector<std::string> Why(const Graph& graph, const Failure& failure,
                             const std::vector<Step>& steps, const Names& names) {
  return Explanation(graph, failure, steps, names).Lines();
}

}  // namespace ashlar::verification::rc11
