#include "ashlar/verification/rc11/failure_text.h"

#include "ashlar/verification/platform/short_path.h"

namespace ashlar::verification::rc11 {
namespace {

std::string AccessText(const Event& event) {
  std::string text;
  if (event.operation.verb == Verb::kConstruct) {
    text = "construction";
  } else if (event.operation.verb == Verb::kDestroy) {
    text = "destruction";
  } else {
    text = std::string(event.IsAtomic() ? "atomic " : "") + (event.IsWrite() ? "write" : "read");
  }
  return text + " by thread " + std::to_string(event.thread) + " at " +
         PlaceText(event.operation.place);
}

std::string OperationText(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kRead:
      return "read location " + std::to_string(operation.location);
    case OperationKind::kWrite:
      return "write " + std::to_string(operation.value) + " to location " +
             std::to_string(operation.location);
    case OperationKind::kFence:
      return "fence";
    case OperationKind::kSpin:
      return "wait";
    case OperationKind::kFail:
      return "fail";
    case OperationKind::kChoice:
      return "choose";
    case OperationKind::kDone:
      break;
  }
  return "end";
}

std::string At(const Operation& operation) {
  const bool somewhere = operation.kind != OperationKind::kDone;
  return OperationText(operation) + (somewhere ? " at " + PlaceText(operation.place) : "");
}

std::string RaceText(const Graph& graph, const Failure& failure) {
  const Event& first = graph[failure.first];
  const Event& second = graph[failure.second];
  const auto either = [&](Verb verb) {
    return first.operation.verb == verb || second.operation.verb == verb;
  };
  const char* const kind = either(Verb::kDestroy)     ? "use after free: "
                           : either(Verb::kConstruct) ? "use before construction: "
                                                      : "data race: ";
  return kind + AccessText(first) + ", and " + AccessText(second);
}

// A thread that runs on has the most events.
std::string TooLargeText(const Graph& graph) {
  int thread = 0;
  for (int other = 1; other < graph.Threads(); ++other) {
    if (graph.ThreadSize(other) > graph.ThreadSize(thread)) thread = other;
  }
  const int size = graph.ThreadSize(thread);
  const Event& last = graph[graph.ThreadAt(thread, size - 1)];
  return "more than " + std::to_string(Graph::kMaxEvents) + " operations, " + std::to_string(size) +
         " of them by thread " + std::to_string(thread) + ", the last one at " +
         PlaceText(last.operation.place) + " (does a loop lack a SpinWait?)";
}

}  // namespace

std::string PlaceText(const SourceSite& site) {
  if (site.file == nullptr) return "the beginning";
  return std::string(ShortPath(site.file)) + ":" + std::to_string(site.line) + " in " +
         site.function;
}

std::string FailureText(const Graph& graph, const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kRace:
      return RaceText(graph, failure);
    case Failure::Kind::kHang: {
      std::string waiting;
      for (const Failure::Waiting& thread : failure.waiting) {
        waiting.append(waiting.empty() ? "" : ", and ").append("thread ");
        waiting.append(std::to_string(thread.thread)).append(" at ");
        waiting.append(PlaceText(thread.place));
      }
      return "waits for ever: " + waiting;
    }
    case Failure::Kind::kTooLarge:
      return TooLargeText(graph);
    case Failure::Kind::kNotDeterministic:
      return "thread " + std::to_string(failure.thread) +
             " did something else when it was run again, at " + PlaceText(failure.place) +
             failure.message;
    default:
      return failure.message + " at " + PlaceText(failure.place);
  }
}

std::string DivergenceText(const Graph& graph, EventId then, const Operation& now) {
  const Event& event = graph[then];
  std::string text = "\n  both times:";
  for (int i = 0; i < event.index; ++i) {
    const Event& before = graph[graph.ThreadAt(event.thread, i)];
    text += "\n    " + At(before.operation);
    if (before.IsRead()) text += ", which held " + std::to_string(before.value);
  }
  text += "\n  then:\n    " + At(event.operation);
  text += "\n  now:\n    " + At(now);
  return text;
}

}  // namespace ashlar::verification::rc11
