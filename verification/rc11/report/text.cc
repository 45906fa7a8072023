#include "ashlar/verification/rc11/report/text.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "ashlar/verification/rc11/report/edges.h"
#include "ashlar/verification/rc11/report/execution_order.h"
#include "ashlar/verification/rc11/report/operation_text.h"
#include "ashlar/verification/rc11/report/why.h"

namespace ashlar::verification::rc11 {
namespace {

constexpr std::size_t kWidth = 96;         // of sentences
constexpr std::size_t kColumnsWidth = 84;  // of all threads; beyond it their columns overlap
constexpr std::size_t kOverlap = 20;       // by which the next one begins further right

// Breaks `sentence` between words; every line starts with `indent`.
std::string Wrap(std::string_view sentence, std::string_view indent) {
  std::string text;
  while (!sentence.empty()) {
    std::size_t end = std::min(sentence.size(), kWidth - indent.size());
    if (end < sentence.size()) {
      const std::size_t blank = sentence.rfind(' ', end);
      end = std::min(blank == sentence.npos ? sentence.find(' ') : blank, sentence.size());
    }
    text.append(indent).append(sentence.substr(0, end)).append("\n");
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  return text;
}

class Table {
 public:
  Table(const Graph& graph, const Failure& failure, const std::vector<Step>& steps,
        const Names& names)
      : graph_(graph), failure_(failure), steps_(steps), names_(names) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      number_[steps[i].event] = number_[last_of(steps[i])] = static_cast<int>(i) + 1;
    }
    for (const Step& step : steps_) {
      const Event& event = graph_[step.event];
      AddRow(std::to_string(rows_.size() + 1), event.thread, OperationText(graph_, step, names_),
             event.operation.place, Note(step));
    }
    AddEnds();
  }

  std::string Text() const {
    const std::vector<std::size_t> column = Columns();
    std::size_t where = 0;
    std::size_t note = 0;
    for (const Row& row : rows_) {
      where = std::max(where, column[row.thread] + row.text.size() + 2);
      note = std::max(note, row.where.size() + 2);
    }
    std::string text = Initial();
    std::string header(5, ' ');
    for (std::size_t thread = 0; thread < column.size(); ++thread) {
      header.resize(5 + column[thread], ' ');
      header += "T" + std::to_string(thread);
    }
    text += header + "\n";
    for (const Row& row : rows_) {
      std::string line(3 - std::min<std::size_t>(3, row.number.size()), ' ');
      line += row.number + "  " + std::string(column[row.thread], ' ') + row.text;
      if (!row.where.empty() || !row.note.empty()) {
        line.resize(5 + where, ' ');
        line += row.where;
      }
      if (!row.note.empty()) {
        line.resize(5 + where + note, ' ');
        line += row.note;
      }
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text + Final();
  }

 private:
  struct Row {
    std::string number;
    int thread;
    std::string text;
    std::string where;
    std::string note;
  };

  static EventId last_of(const Step& step) {
    return step.write != Graph::kNone ? step.write : step.event;
  }

  void AddRow(std::string number, int thread, std::string text, const SourceSite& place,
              std::string note) {
    std::string where = Where(place);
    if (!where.empty() && place.function != nullptr) where.append(" ").append(place.function);
    rows_.push_back({std::move(number), thread, std::move(text), where, std::move(note)});
  }

  // What the threads that failed came to.
  void AddEnds() {
    if (failure_.kind == Failure::Kind::kHang) {
      for (const Failure::Waiting& waiting : failure_.waiting) {
        AddRow("", waiting.thread, "waits for ever", waiting.place, "");
      }
    } else if (failure_.kind != Failure::Kind::kRace && failure_.thread >= 0) {
      AddRow("", failure_.thread,
             failure_.kind == Failure::Kind::kWrong
                 ? failure_.message.substr(0, failure_.message.find(':'))
                 : "stops here",
             failure_.place, "");
    }
  }

  std::string Number(EventId id) const { return std::to_string(number_[id]); }

  std::string Note(const Step& step) const {
    std::string note;
    const auto add = [&](const std::string& text) { note += (note.empty() ? "" : ", ") + text; };
    const Event& event = graph_[step.event];
    const Verb verb = event.operation.verb;
    const bool is_shown =
        !IsThePlatforms(event.operation) || verb == Verb::kWait || verb == Verb::kLock;
    if (event.IsRead() && event.IsAtomic() && is_shown) {
      add(Graph::IsInitial(event.reads_from) ? "initial value"
                                             : "reads " + Number(event.reads_from));
    }
    Synchronisation(step.event, add);
    if (step.overtaken != Graph::kNone) {
      const bool old = event.IsRead() && step.write == Graph::kNone;
      add((old ? "OLD: " : "LATE: ") + Number(step.overtaken) +
          (old ? " is newer" : " overwrites it"));
    }
    if (failure_.kind == Failure::Kind::kRace) {
      if (step.event == failure_.first) add("RACES with " + Number(failure_.second));
      if (step.event == failure_.second) add("RACES with " + Number(failure_.first));
    }
    return note;
  }

  template <class Add>
  void Synchronisation(EventId id, Add add) const {
    const Event& event = graph_[id];
    const std::vector<EventId> others = SynchronisesWith(graph_, id);
    for (const EventId other : others) {
      const bool is_read = event.IsRead() && other == event.reads_from;
      add(is_read ? "synchronises" : "synchronises with " + Number(other));
    }
    const bool from_other = event.IsRead() && event.IsAtomic() &&
                            !Graph::IsInitial(event.reads_from) &&
                            graph_[event.reads_from].thread != event.thread;
    if (!from_other || !others.empty() || event.hb.Contains(event.reads_from)) return;
    if (IsThePlatforms(event.operation)) return;
    // It may have synchronised before with the fence by which the write releases.
    const EventSet& fenced = graph_[event.reads_from].fenced;
    if (fenced.Empty() || !(fenced - event.hb).Empty()) add("no happens-before");
  }

  // Where the column of each thread begins.
  std::vector<std::size_t> Columns() const {
    std::vector<std::size_t> width(graph_.Threads(), 2);
    for (const Row& row : rows_) width[row.thread] = std::max(width[row.thread], row.text.size());
    std::vector<std::size_t> column(graph_.Threads(), 0);
    for (const bool overlap : {false, true}) {
      for (std::size_t i = 1; i < column.size(); ++i) {
        column[i] = column[i - 1] + 2 + (overlap ? std::min(width[i - 1], kOverlap) : width[i - 1]);
      }
      if (column.back() + width.back() <= kColumnsWidth) break;
    }
    return column;
  }

  // By what the source says.
  bool IsTouched(int location) const {
    bool is_touched = false;
    graph_.Accesses(location).ForEach(
        [&](EventId id) { is_touched = is_touched || !IsThePlatforms(graph_[id].operation); });
    return is_touched;
  }

  // What is not zero at first.
  std::string Initial() const {
    std::string text;
    for (int location = 0; location < graph_.Locations(); ++location) {
      const Value value = graph_[Graph::Initial(location)].value;
      if (value == 0 || !IsTouched(location)) continue;
      text += (text.empty() ? "" : ", ") + names_.Location(location) + " = " +
              names_.Text(location, value);
    }
    return text.empty() ? "" : Wrap("Initially " + text + ".", "     ");
  }

  // What After() finds.
  std::string Final() const {
    if (failure_.kind != Failure::Kind::kWrong || failure_.thread >= 0) return "";
    std::string text;
    for (int location = 0; location < graph_.Locations(); ++location) {
      const EventId last = graph_.MoLast(location);
      if (Graph::IsInitial(last) || !graph_[last].IsAtomic() || !IsTouched(location)) continue;
      text += (text.empty() ? "" : ", ") + names_.Location(location) + " = " +
              names_.Text(location, graph_[last].value) + " (step " + Number(last) + ")";
    }
    return text.empty() ? "" : Wrap("In the end " + text + ".", "     ");
  }

  const Graph& graph_;
  const Failure& failure_;
  const std::vector<Step>& steps_;
  const Names& names_;
  int number_[Graph::kMaxEvents] = {};
  std::vector<Row> rows_;
};

}  // namespace

std::string TextReport(const Graph& graph, const Failure& failure, const Names& names) {
  const std::vector<Step> steps = ExecutionOrder(graph);
  std::string text = Headline(graph, failure, names) + "\n\n";
  for (const std::string& line : Why(graph, failure, steps, names)) {
    text += line.substr(0, 2) == "  " ? "  " + line + "\n" : Wrap(line, "  ");
  }
  return text + "\n" + Table(graph, failure, steps, names).Text();
}

}  // namespace ashlar::verification::rc11
