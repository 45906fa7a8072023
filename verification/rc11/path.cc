#include "ashlar/verification/rc11/path.h"

#include <charconv>

namespace ashlar::verification::rc11 {
namespace {

constexpr char kEnd = '\0';

char Letter(OperationKind kind) {
  switch (kind) {
    case OperationKind::kRead:
      return 'r';
    case OperationKind::kWrite:
      return 'w';
    case OperationKind::kChoice:
      return 'c';
    default:
      return 'f';
  }
}

std::optional<OperationKind> Kind(char letter) {
  for (const OperationKind kind : {OperationKind::kRead, OperationKind::kWrite,
                                   OperationKind::kChoice, OperationKind::kFence}) {
    if (Letter(kind) == letter) return kind;
  }
  return std::nullopt;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<Path> Run() {
    Path path;
    const bool no_steps = Take('-');
    if (no_steps != (Peek() == kEnd || Peek() == '!')) return std::nullopt;
    while (Peek() != kEnd && Peek() != '!') {
      if (!path.steps.empty() && !Take('.')) return std::nullopt;
      const std::optional<Path::Step> step = ParseStep();
      if (!step || path.steps.size() == Graph::kMaxEvents) return std::nullopt;
      path.steps.push_back(*step);
    }
    while (Take('!')) {
      const std::optional<int> thread = Number(Graph::kMaxThreads);
      if (!thread) return std::nullopt;
      path.failed = static_cast<std::uint16_t>(path.failed | 1u << *thread);
    }
    if (Peek() != kEnd || !IsWhole(path)) return std::nullopt;
    return path;
  }

 private:
  std::optional<Path::Step> ParseStep() {
    Path::Step step;
    const std::optional<int> thread = Number(Graph::kMaxThreads);
    const std::optional<OperationKind> kind = Kind(Peek());
    if (!thread || !kind) return std::nullopt;
    Take(Peek());
    step.thread = static_cast<std::uint8_t>(*thread);
    step.kind = *kind;
    if ((step.kind == OperationKind::kRead || step.kind == OperationKind::kWrite) && !Take('i')) {
      const std::optional<int> other = Number(Graph::kMaxEvents);
      if (!other) return std::nullopt;
      step.other = static_cast<std::uint8_t>(*other);
    }
    if (Take(':')) {
      const std::optional<int> choice = Number(256);
      if (!choice) return std::nullopt;
      step.choice = static_cast<std::uint8_t>(*choice);
    }
    return step;
  }

  // What is referred to are writes, and only reads refer to later ones.
  static bool IsWhole(const Path& path) {
    for (std::size_t i = 0; i < path.steps.size(); ++i) {
      const Path::Step& step = path.steps[i];
      if (step.other == Path::kInitial) continue;
      if (step.other >= path.steps.size() || step.other == i) return false;
      if (path.steps[step.other].kind != OperationKind::kWrite) return false;
      if (step.kind == OperationKind::kWrite && step.other > i) return false;
    }
    return true;
  }

  char Peek() const { return text_.empty() ? kEnd : text_.front(); }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // A number below `limit`.
  std::optional<int> Number(int limit) {
    int number = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    if (error != std::errc() || number < 0 || number >= limit) return std::nullopt;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return number;
  }

  std::string_view text_;
};

}  // namespace

Path PathTo(const Graph& graph) {
  std::uint8_t position[Graph::kMaxEvents + Graph::kMaxLocations];
  for (int location = 0; location < graph.Locations(); ++location) {
    position[Graph::Initial(location)] = Path::kInitial;
  }
  for (int i = 0; i < graph.Size(); ++i) position[graph.At(i)] = static_cast<std::uint8_t>(i);
  Path path;
  path.steps.reserve(static_cast<std::size_t>(graph.Size()));
  for (int i = 0; i < graph.Size(); ++i) {
    const Event& event = graph[graph.At(i)];
    Path::Step step{event.operation.kind, event.thread, Path::kInitial, event.choice};
    if (event.IsRead()) step.other = position[event.reads_from];
    if (event.IsWrite()) {
      EventId older = event.mo_before;
      while (!Graph::IsInitial(older) && position[older] > i) older = graph[older].mo_before;
      step.other = position[older];
    }
    path.steps.push_back(step);
  }
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    if (graph.Failed(thread)) path.failed = static_cast<std::uint16_t>(path.failed | 1u << thread);
  }
  return path;
}

std::string ToText(const Path& path) {
  std::string text = path.steps.empty() ? "-" : "";
  for (const Path::Step& step : path.steps) {
    if (!text.empty()) text += '.';
    text += std::to_string(step.thread);
    text += Letter(step.kind);
    if (step.kind == OperationKind::kRead || step.kind == OperationKind::kWrite) {
      text += step.other == Path::kInitial ? "i" : std::to_string(step.other);
    }
    if (step.choice != 0) text += ":" + std::to_string(step.choice);
  }
  for (int thread = 0; thread < Graph::kMaxThreads; ++thread) {
    if (path.failed >> thread & 1) text += "!" + std::to_string(thread);
  }
  return text;
}

std::optional<Path> ParsePath(std::string_view text) { return Parser(text).Run(); }

}  // namespace ashlar::verification::rc11
