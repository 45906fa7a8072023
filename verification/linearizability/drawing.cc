#include "ashlar/verification/linearizability/drawing.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability {
namespace {

using Bar = Drawing::Bar;

// Those of the part, or as many of them as stand around the stuck ones, by rank.
std::vector<int> Shown(const Order& order, const Verdict& verdict, std::size_t max_operations) {
  std::vector<int> rank(order.Size());
  for (int i = 0; i < order.Size(); ++i) rank[order.ByRank()[i]] = i;
  const auto by_rank = [&](int a, int b) { return rank[a] < rank[b]; };

  std::vector<int> shown = verdict.part;
  if (shown.size() > max_operations) {
    int center = verdict.sequence.empty() ? 0 : rank[verdict.sequence.back()];
    if (!verdict.stuck.empty()) {
      center = rank[*std::min_element(verdict.stuck.begin(), verdict.stuck.end(), by_rank)];
    }
    std::stable_sort(shown.begin(), shown.end(), [&](int a, int b) {
      return std::abs(rank[a] - center) < std::abs(rank[b] - center);
    });
    shown.resize(max_operations);
  }
  std::sort(shown.begin(), shown.end(), by_rank);
  return shown;
}

// Calls and returns one after another. At the same time calls come first, so that what
// overlaps is seen to, except within a thread.
void PlaceByTime(const std::vector<Order::Place>& places, std::vector<Bar>& bars) {
  std::vector<std::tuple<Time, bool, int*>> ends;
  for (Bar& bar : bars) {
    const Order::Place& place = places[bar.operation];
    ends.emplace_back(place.called, false, &bar.from);
    if (!place.pending) ends.emplace_back(place.returned, true, &bar.to);
  }
  std::stable_sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  int next = 0;
  for (const auto& [time, returns, end] : ends) *end = next++;
  for (Bar& bar : bars) {
    if (bar.pending) bar.to = next++;
  }
  for (Bar& a : bars) {
    for (Bar& b : bars) {
      const bool same_time = places[a.operation].returned == places[b.operation].called;
      if (a.thread == b.thread && &a != &b && !a.pending && same_time && a.from < b.from &&
          a.to > b.from) {
        std::swap(a.to, b.from);
      }
    }
  }
}

// Each operation right of all that precede it.
void PlaceAsGraph(const Order& order, Drawing& drawing) {
  drawing.graph = true;
  std::vector<Bar>& bars = drawing.bars;
  const auto precedes = [&](const Bar& a, const Bar& b) {
    return order.Precedes(a.operation, b.operation);
  };
  // By how many precede: an order that agrees with the order.
  std::stable_sort(bars.begin(), bars.end(), [&](const Bar& a, const Bar& b) {
    const auto count = [&](const Bar& bar) {
      std::size_t count = 0;
      for (const std::uint32_t before : order.Before(bar.operation)) count += before;
      return count;
    };
    return count(a) < count(b);
  });
  for (std::size_t i = 0; i < bars.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (precedes(bars[j], bars[i])) bars[i].from = std::max(bars[i].from, bars[j].to + 1);
    }
    bars[i].to = bars[i].from + 1;
  }
  for (std::size_t a = 0; a < bars.size(); ++a) {
    for (std::size_t b = 0; b < bars.size(); ++b) {
      if (bars[a].thread == bars[b].thread || !precedes(bars[a], bars[b])) continue;
      const bool through_another = std::any_of(bars.begin(), bars.end(), [&](const Bar& other) {
        return precedes(bars[a], other) && precedes(other, bars[b]);
      });
      if (!through_another) drawing.arrows.emplace_back(a, b);
    }
  }
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += static_cast<unsigned char>(c) < ' ' && c != '\n' ? '?' : c;
    }
  }
  return escaped;
}

// Characters, not bytes.
int Width(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string Pixels(int number) { return "\"" + std::to_string(number) + "\""; }

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string Mark(const Bar& bar) {
  if (bar.stuck) return "!!";
  return bar.number == 0 ? "--" : "#" + std::to_string(bar.number);
}

// All but the texts of the bars.
Drawing LayOut(const Order& order, const std::vector<Order::Place>& places, bool timed,
               const Verdict& verdict, std::size_t max_operations) {
  Drawing drawing;
  drawing.threads = order.Threads();
  const std::vector<int> shown = Shown(order, verdict, max_operations);
  std::map<int, int> number;
  for (const int operation : verdict.sequence) {
    number.emplace(operation, static_cast<int>(number.size()) + 1);
  }
  for (const int operation : shown) {
    Bar bar;
    bar.operation = operation;
    bar.thread = places[operation].thread;
    bar.pending = places[operation].pending;
    if (const auto found = number.find(operation); found != number.end()) {
      bar.number = found->second;
    }
    bar.stuck =
        std::find(verdict.stuck.begin(), verdict.stuck.end(), operation) != verdict.stuck.end();
    bar.details = "operation " + std::to_string(operation) + " of thread " +
                  std::to_string(bar.thread) + "\n";
    if (timed) {
      bar.details += "called at " + std::to_string(places[operation].called) +
                     (bar.pending ? std::string(", pending")
                                  : ", returned at " + std::to_string(places[operation].returned)) +
                     "\n";
    }
    drawing.bars.push_back(std::move(bar));
  }
  if (timed) {
    PlaceByTime(places, drawing.bars);
  } else {
    PlaceAsGraph(order, drawing);
  }

  switch (verdict.outcome) {
    case Outcome::kLinearizable:
      drawing.title = "linearizable";
      break;
    case Outcome::kNotLinearizable:
      drawing.title = "not linearizable";
      break;
    case Outcome::kUnknown:
      drawing.title = "not decided";
      break;
  }
  drawing.title += ": " + std::to_string(verdict.sequence.size()) + " of " +
                   std::to_string(verdict.part.size()) + " operations have a place";
  if (shown.size() < verdict.part.size()) {
    drawing.title += ", " + std::to_string(shown.size()) + " are drawn";
  }
  drawing.why = verdict.why;
  return drawing;
}

// The states that there can be after each operation of the sequence.
std::vector<std::string> StatesAfter(internal::Problem& problem, const Verdict& verdict) {
  std::vector<std::string> texts(problem.Places().size());
  std::vector<std::uint32_t> states = {problem.InitialState()};
  for (const int operation : verdict.sequence) {
    std::vector<std::uint32_t> next;
    for (const std::uint32_t state : states) problem.Apply(state, operation, next);
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    states = std::move(next);
    for (const std::uint32_t state : states) {
      const std::string text = problem.StateText(state);
      std::string& all = texts[operation];
      if (!text.empty()) all += (all.empty() ? "then the state is " : " or ") + text;
    }
  }
  return texts;
}

}  // namespace

namespace internal {

Drawing DrawProblem(Problem& problem, const Verdict& verdict, std::size_t max_operations) {
  const absl::StatusOr<Order> order = problem.MakeOrder();
  ASHLAR_CHECK(order.ok(), "there is no verdict about what is no history");
  Drawing drawing = LayOut(*order, problem.Places(), problem.Timed(), verdict, max_operations);
  const std::vector<std::string> states_after = StatesAfter(problem, verdict);
  for (Bar& bar : drawing.bars) {
    bar.text = problem.Text(bar.operation);
    bar.details += states_after[bar.operation];
  }
  return drawing;
}

}  // namespace internal

std::string Svg(const Drawing& drawing) {
  constexpr int kLeft = 90;
  constexpr int kRow = 56;
  constexpr int kBar = 26;
  constexpr int kLine = 18;
  constexpr int kCharacter = 8;
  const std::vector<std::string_view> why = Lines(drawing.why);
  const int top = kLine * (static_cast<int>(why.size()) + 2);

  // Wide enough for the texts of the bars.
  int columns = 1;
  for (const Bar& bar : drawing.bars) columns = std::max(columns, bar.to + 1);
  std::vector<int> x(columns, kLeft);
  for (int column = 1; column < columns; ++column) {
    x[column] = x[column - 1] + 16;
    for (const Bar& bar : drawing.bars) {
      if (bar.to != column) continue;
      x[column] = std::max(x[column], x[bar.from] + kCharacter * Width(bar.text) + 12);
    }
  }
  int width = x.back() + 30;
  width = std::max(width, kLeft + kCharacter * Width(drawing.title));
  for (const std::string_view line : why) width = std::max(width, 40 + kCharacter * Width(line));
  const auto y = [&](int thread) { return top + kRow * thread + kRow - kBar - 6; };
  const int height = y(drawing.threads) + 10;

  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=" + Pixels(width) +
                    " height=" + Pixels(height) +
                    " font-family=\"monospace\" font-size=\"13\">\n"
                    "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
                    "markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
                    "<path d=\"M0 0L8 4L0 8z\" fill=\"#555\"/></marker></defs>\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  const auto text = [&](int at, int line, std::string_view attributes, std::string_view what) {
    svg += "<text x=" + Pixels(at) + " y=" + Pixels(line) + std::string(attributes) + ">" +
           Escaped(what) + "</text>\n";
  };
  text(10, kLine, " font-weight=\"bold\"", drawing.title);
  for (std::size_t i = 0; i < why.size(); ++i) {
    text(10, kLine * (static_cast<int>(i) + 2), " fill=\"#b00020\"", why[i]);
  }
  for (int thread = 0; thread < drawing.threads; ++thread) {
    const int line = y(thread) + kBar / 2;
    text(10, line + 5, "", "thread " + std::to_string(thread));
    svg += "<path d=\"M" + std::to_string(kLeft - 8) + " " + std::to_string(line) + "H" +
           std::to_string(width - 10) + "\" stroke=\"#ddd\"/>\n";
  }
  for (const Bar& bar : drawing.bars) {
    const char* const fill = bar.stuck ? "#ffc9c9" : bar.number > 0 ? "#cfe3ff" : "#eee";
    const char* const stroke = bar.stuck ? "#b00020" : bar.number > 0 ? "#1c5fb8" : "#999";
    svg += "<g class=\"" + std::string(bar.stuck ? "stuck" : "operation") + "\"><title>" +
           Escaped(bar.text + "\n" + bar.details) + "</title>\n";
    svg += "<rect x=" + Pixels(x[bar.from]) + " y=" + Pixels(y(bar.thread)) +
           " width=" + Pixels(x[bar.to] - x[bar.from]) + " height=" + Pixels(kBar) +
           " rx=\"4\" fill=\"" + fill + "\" stroke=\"" + stroke + "\"" +
           (bar.pending ? " stroke-dasharray=\"4 3\"" : "") + "/>\n";
    text(x[bar.from] + 6, y(bar.thread) + 17, "", bar.text);
    if (bar.number > 0) {
      text(x[bar.from], y(bar.thread) - 4, " fill=\"#1c5fb8\" font-size=\"11\"",
           std::to_string(bar.number));
    }
    svg += "</g>\n";
  }
  for (const auto& [from, to] : drawing.arrows) {
    const Bar& a = drawing.bars[from];
    const Bar& b = drawing.bars[to];
    svg += "<path d=\"M" + std::to_string(x[a.to]) + " " + std::to_string(y(a.thread) + kBar / 2) +
           "L" + std::to_string(x[b.from]) + " " + std::to_string(y(b.thread) + kBar / 2) +
           "\" stroke=\"#555\" fill=\"none\" marker-end=\"url(#arrow)\"/>\n";
  }
  return svg + "</svg>\n";
}

std::string Columns(const Drawing& drawing) {
  // What stands in each row, by its `from` or `to`, for each thread.
  std::map<int, std::vector<std::string>> rows;
  const auto cell = [&](int row, int thread) -> std::string& {
    std::vector<std::string>& cells = rows[row];
    cells.resize(drawing.threads);
    return cells[thread];
  };
  for (std::size_t i = 0; i < drawing.bars.size(); ++i) {
    const Bar& bar = drawing.bars[i];
    std::string text = Mark(bar) + " " + bar.text;
    if (drawing.graph) {
      std::string after;
      for (const auto& [from, to] : drawing.arrows) {
        if (to != static_cast<int>(i)) continue;
        after += (after.empty() ? "  after " : ", ") + std::to_string(drawing.bars[from].operation);
      }
      cell(bar.from, bar.thread) = std::to_string(bar.operation) + ": " + text + after;
    } else {
      const bool alone = bar.to == bar.from + 1;
      cell(bar.from, bar.thread) = (alone ? "- " : "+ ") + text;
      if (!alone && !bar.pending) cell(bar.to, bar.thread) = "+";
    }
  }
  if (!drawing.graph) {
    for (const Bar& bar : drawing.bars) {
      for (auto row = rows.upper_bound(bar.from); row != rows.lower_bound(bar.to); ++row) {
        row->second[bar.thread] = "|";
      }
    }
  }

  std::vector<int> widths(drawing.threads);
  for (int thread = 0; thread < drawing.threads; ++thread) {
    widths[thread] = Width("thread " + std::to_string(thread));
    for (const auto& [row, cells] : rows) {
      widths[thread] = std::max(widths[thread], Width(cells[thread]));
    }
  }
  std::string text = drawing.title + "\n" + drawing.why + "\n";
  const auto add_line = [&](const auto& content) {
    std::string line;
    for (int thread = 0; thread < drawing.threads; ++thread) {
      const std::string what = content(thread);
      line += what + std::string(widths[thread] + 2 - Width(what), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  add_line([](int thread) { return "thread " + std::to_string(thread); });
  for (const auto& [row, cells] : rows) {
    add_line([&cells = cells](int thread) { return cells[thread]; });
  }
  return text;
}

}  // namespace ashlar::verification::linearizability
