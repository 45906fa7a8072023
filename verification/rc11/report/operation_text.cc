#include "ashlar/verification/rc11/report/operation_text.h"

namespace ashlar::verification::rc11 {
namespace {

bool HasValues(const Graph& graph, int location) {
  for (EventId id = Graph::Initial(location); id != Graph::kNone; id = graph[id].mo_after) {
    if (graph[id].value != 0) return true;
  }
  return false;
}

std::string PlainText(const Graph& graph, const Event& event, const Names& names) {
  const int location = event.operation.location;
  std::string text = names.Location(location) + "." + std::string(Method(event.operation)) + "()";
  if (!HasValues(graph, location)) return text;
  return text + (event.IsWrite() ? " = " : " -> ") + names.Text(location, event.value);
}

// "(0, 1, acq_rel)". The new value of a compare-exchange that failed is not known.
std::string Arguments(const Graph& graph, const Step& step, const Names& names) {
  const Event& read = graph[step.event];
  const int location = read.operation.location;
  const std::string order(Text(read.order));
  const bool writes = step.write != Graph::kNone;
  const Value written = writes ? graph[step.write].value : 0;
  switch (read.operation.verb) {
    case Verb::kFetchAdd:
      return "(" + names.Text(location, written - read.value) + ", " + order + ")";
    case Verb::kFetchSub:
      return "(" + names.Text(location, read.value - written) + ", " + order + ")";
    case Verb::kFetchAnd:
    case Verb::kFetchOr:
    case Verb::kFetchXor:
      return "(.., " + order + ")";
    default:
      break;
  }
  const std::string value = writes ? names.Text(location, written) : "..";
  if (!read.operation.compare) return "(" + value + ", " + order + ")";
  return "(" + names.Text(location, read.operation.value) + ", " + value + ", " + order + ")";
}

std::string Result(const Graph& graph, const Step& step, const Names& names) {
  const Event& read = graph[step.event];
  const int location = read.operation.location;
  if (read.operation.compare) {
    if (step.write != Graph::kNone) return " -> true";
    if (read.choice != 0) return " -> false, for no reason";
    return " -> false, it is " + names.Text(location, read.value);
  }
  std::string text = " -> " + names.Text(location, read.value);
  const Verb verb = read.operation.verb;
  if (verb == Verb::kFetchAnd || verb == Verb::kFetchOr || verb == Verb::kFetchXor) {
    text += ", now " + names.Text(location, graph[step.write].value);
  }
  return text;
}

std::string Threads(Value mask) {
  std::string text;
  for (int thread = 0; thread < Graph::kMaxThreads; ++thread) {
    if ((mask >> thread & 1) == 0) continue;
    text += (text.empty() ? "T" : ", T") + std::to_string(thread);
  }
  return text.empty() ? "nobody" : text;
}

// The thread that begins with what `start` writes.
std::string Started(const Graph& graph, EventId start) {
  Value mask = 0;
  graph[start].readers.ForEach([&](EventId reader) {
    if (graph[reader].operation.verb == Verb::kBegin) mask |= Value{1} << graph[reader].thread;
  });
  return mask == 0 ? "a thread" : Threads(mask);
}

std::string WaitText(const Event& look, const Names& names) {
  const int location = look.operation.location;
  const std::string text = "Wait(" + names.Location(location) + ", " +
                           names.Text(location, look.operation.value) + ") -> ";
  if (look.value != look.operation.value)
    return text + "no, it is " + names.Text(location, look.value);
  return text + (look.choice == 0 ? "it is" : "returns for no reason");
}

// What the platform does behind an object's back.
std::string PlatformText(const Graph& graph, const Step& step, const Names& names) {
  const Event& event = graph[step.event];
  const std::string location = names.Location(event.operation.location);
  switch (event.operation.verb) {
    case Verb::kConstruct:
      return location + " is constructed";
    case Verb::kDestroy:
      return location + " is destroyed";
    case Verb::kWait:
      return WaitText(event, names);
    case Verb::kSleep:
      return "falls asleep";
    case Verb::kAwake:
      return "wakes up";
    case Verb::kWake:
      return "wakes " +
             Threads(step.write == Graph::kNone ? 0 : event.value & ~graph[step.write].value);
    case Verb::kLock:
      return location + ".lock()" + (step.write == Graph::kNone ? " finds it locked" : "");
    case Verb::kUnlock:
      return location + ".unlock()";
    case Verb::kStart:
      return "starts " + Started(graph, step.event);
    case Verb::kBegin:
      return "begins";
    case Verb::kEnd:
      return "ends";
    default:
      return "joins T" + std::to_string(graph[event.reads_from].thread);
  }
}

}  // namespace

std::string_view Text(Order order) {
  switch (order) {
    case Order::kRelaxed:
      return "relaxed";
    case Order::kAcquire:
      return "acquire";
    case Order::kRelease:
      return "release";
    case Order::kAcqRel:
      return "acq_rel";
    case Order::kSeqCst:
      return "seq_cst";
    case Order::kLight:
      return "light";
    case Order::kHeavy:
      return "heavy";
    case Order::kPlain:
      break;
  }
  return "plain";
}

std::string_view Noun(const Operation& operation) {
  if (operation.kind == OperationKind::kChoice) return "choice";
  if (operation.verb == Verb::kConstruct) return "construction";
  if (operation.verb == Verb::kDestroy) return "destruction";
  if (operation.verb == Verb::kWake) return "wake-up";
  if (operation.kind == OperationKind::kFence) return "fence";
  if (operation.compare) return "compare-exchange";
  if (operation.rmw) return operation.verb == Verb::kNone ? "read-modify-write" : Method(operation);
  if (operation.order != Order::kPlain) return Method(operation);
  return operation.kind == OperationKind::kWrite ? "write" : "read";
}

std::string_view Method(const Operation& operation) {
  switch (operation.verb) {
    case Verb::kExchange:
      return "exchange";
    case Verb::kFetchAdd:
      return "fetch_add";
    case Verb::kFetchSub:
      return "fetch_sub";
    case Verb::kFetchAnd:
      return "fetch_and";
    case Verb::kFetchOr:
      return "fetch_or";
    case Verb::kFetchXor:
      return "fetch_xor";
    case Verb::kCompareExchangeStrong:
      return "compare_exchange_strong";
    case Verb::kCompareExchangeWeak:
      return "compare_exchange_weak";
    case Verb::kLock:
      return "lock";
    case Verb::kUnlock:
      return "unlock";
    case Verb::kWait:
      return "Wait";
    default:
      break;
  }
  if (operation.rmw) return operation.compare ? "compare_exchange_strong" : "exchange";
  const bool is_write = operation.kind == OperationKind::kWrite;
  if (operation.order == Order::kPlain) return is_write ? "Write" : "Read";
  return is_write ? "store" : "load";
}

bool IsThePlatforms(const Operation& operation) { return operation.verb >= Verb::kConstruct; }

std::string OperationText(const Graph& graph, const Step& step, const Names& names) {
  const Event& event = graph[step.event];
  const std::string order(Text(event.order));
  if (event.operation.kind == OperationKind::kChoice) {
    return "Choose(" + std::to_string(event.operation.choices + 1) + ") -> " +
           std::to_string(event.choice);
  }
  if (event.order == Order::kLight) return "LightFence()";
  if (event.order == Order::kHeavy) return "HeavyFence()";
  if (event.IsFence()) return "Fence(" + order + ")";
  if (IsThePlatforms(event.operation)) return PlatformText(graph, step, names);
  if (!event.IsAtomic()) return PlainText(graph, event, names);
  const std::string location = names.Location(event.operation.location);
  if (event.operation.rmw && event.IsRead()) {
    return location + "." + std::string(Method(event.operation)) + Arguments(graph, step, names) +
           Result(graph, step, names);
  }
  const std::string value = names.Text(event.operation.location, event.value);
  if (event.IsWrite()) return location + ".store(" + value + ", " + order + ")";
  return location + ".load(" + order + ") -> " + value;
}

}  // namespace ashlar::verification::rc11
