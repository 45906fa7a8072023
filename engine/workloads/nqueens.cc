#include "ashlar/engine/workloads/nqueens.h"

#include <bit>
#include <string>

#include "ashlar/base/check.h"
#include "ashlar/engine/workloads/text_format.h"

namespace ashlar {
namespace {

// Which squares of the next row are attacked, a bit each: along columns and diagonals.
struct Board {
  uint32_t columns = 0;
  uint32_t left = 0;
  uint32_t right = 0;

  uint32_t Free(uint32_t row) const { return row & ~(columns | left | right); }
  Board With(uint32_t queen) const {
    return {columns | queen, (left | queen) << 1, (right | queen) >> 1};
  }
};

// Below this many empty rows a subtree is smaller than what a fork could win: some 10 us.
constexpr int kSerialRows = 8;

int64_t CountSerially(const Board& board, uint32_t row) {
  if (board.columns == row) return 1;
  int64_t solutions = 0;
  for (uint32_t free = board.Free(row); free != 0; free &= free - 1) {
    solutions += CountSerially(board.With(free & -free), row);
  }
  return solutions;
}

class Search {
 public:
  Search(Engine& engine, int n, WorkloadProgress& progress)
      : engine_(engine), n_(n), row_((uint32_t{1} << n) - 1), progress_(progress) {}

  int64_t Run() {
    progress_.AddTotal(n_);
    return CountFrom(Board(), 0, row_);
  }

 private:
  // Solutions with the queen of row number `depth` on one of the squares `free`: the first
  // of them beside all others.
  int64_t CountFrom(const Board& board, int depth, uint32_t free) {
    if (free == 0) return 0;
    const uint32_t first = free & -free, others = free & (free - 1);
    if (others == 0) return CountBelow(board.With(first), depth + 1);
    const auto [one, more] = engine_.Join([&] { return CountBelow(board.With(first), depth + 1); },
                                          [&] { return CountFrom(board, depth, others); });
    return one + more;
  }

  int64_t CountBelow(const Board& board, int depth) {
    const int64_t solutions = n_ - depth <= kSerialRows ? CountSerially(board, row_)
                                                        : CountFrom(board, depth, board.Free(row_));
    if (depth == 1) progress_.AddDone(1);
    return solutions;
  }

  Engine& engine_;
  const int n_;
  const uint32_t row_;  // all squares of a row
  WorkloadProgress& progress_;
};

absl::StatusOr<WorkloadResult> Run(WorkloadContext& context) {
  const auto n = ParseInt("N", context.arguments.positional()[0], 1, kMaxQueens);
  if (!n.ok()) return n.status();
  const int64_t solutions = CountQueens(context.engine, static_cast<int>(*n), context.progress);
  WorkloadResult result;
  result.values.Set("n", Json(*n)).Set("solutions", Json(solutions));
  result.text = Counted(*n, "queen") + ": " + Counted(solutions, "solution") + "\n";
  result.work = solutions;
  result.unit = "solutions";
  return result;
}

}  // namespace

int64_t CountQueens(Engine& engine, int n, WorkloadProgress& progress) {
  ASHLAR_CHECK(n >= 1 && n <= kMaxQueens);
  return Search(engine, n, progress).Run();
}

Workload NqueensWorkload() {
  return {.name = "nqueens",
          .help = "in how many ways N queens stand on an N by N board",
          .positional = {.name = "N", .min = 1, .max = 1},
          .run = Run};
}

}  // namespace ashlar
