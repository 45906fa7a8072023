// Every heap of up to so many units, for each strategy: each way to divide it into free units and
// used blocks, and from there every call.
//
// A layout is built by filling the heap with its blocks and then freeing what is free in it, in
// rising, in falling and in an interleaved order, which leaves the index in different states. Then
// each allocation (of every size, aligned to 1, 2, 4 and 8 units at two addresses of the region)
// has to succeed exactly if a free run holds it, to take the one that the strategy names, and to be
// undone by its Free; each used block is freed; and compaction, with no block pinned and with each
// single one, in steps of one visit and in one, ends with what it promises. Invariants are checked
// after each call.
//
// Indexes are as they are, and with so few bins and lists that all their parts take part.
//
//   range_heap_model_test [--units=N]   [10, and 12 with ASHLAR_MODEL_SCALE above 1; the latter 10]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/memory/internal/best_fit_index.h"
#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/compaction.h"
#include "ashlar/memory/internal/first_fit_index.h"
#include "ashlar/memory/internal/range_heap.h"
#include "ashlar/memory/internal/request.h"
#include "ashlar/memory/internal/tlsf_index.h"

namespace ashlar::internal {
namespace {

enum class Choice { kFirst, kSmallest, kAny };
enum class Order { kRising, kFalling, kInterleaved };

struct Run {
  Units offset;
  Units size;
  bool used;
};
using Layout = std::vector<Run>;

struct Counts {
  std::uint64_t layouts = 0;
  std::uint64_t calls = 0;
};

template <class Index>
class Explorer {
 public:
  Explorer(Units units, Choice choice, Counts& counts)
      : units_(units), choice_(choice), counts_(counts) {}

  void ExploreAll() { Extend({}, 0); }

 private:
  using Heap = RangeHeap<Index>;

  // All layouts that begin so.
  void Extend(const Layout& layout, Units offset) {
    if (offset == units_) return Explore(layout);
    for (Units size = 1; size <= units_ - offset; ++size) {
      for (const bool used : {false, true}) {
        // Free neighbours are one run.
        if (!used && !layout.empty() && !layout.back().used) continue;
        Layout longer = layout;
        longer.push_back({offset, size, used});
        Extend(longer, offset + size);
      }
    }
  }

  void Explore(const Layout& layout) {
    ++counts_.layouts;
    bool any_free = false;
    for (const Run& run : layout) any_free |= !run.used;
    for (const Order order : {Order::kRising, Order::kFalling, Order::kInterleaved}) {
      for (const Units bias : {0u, 3u}) {
        std::vector<BlockId> ids;
        Heap heap = Build(layout, order, bias, ids);
        CheckSame(heap, layout);
        AllocateEach(heap, layout, bias);
      }
      FreeEach(layout, order);
      if (any_free) CompactEach(layout, order);
    }
  }

  Heap Build(const Layout& layout, Order order, Units bias, std::vector<BlockId>& ids) {
    Heap heap(bias);
    ASHLAR_CHECK(heap.Start(units_, 2 * units_));
    ids.clear();
    for (const Run& run : layout) {
      const BlockId id = heap.Allocate(run.size, 0, BlockKind::kMovable);
      ASHLAR_CHECK(id != kNoBlock && heap.blocks()[id].offset == run.offset);
      ids.push_back(id);
    }
    const auto free = [&](std::size_t i) {
      if (!layout[i].used) heap.Free(ids[i]);
    };
    const std::size_t count = layout.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (order == Order::kRising) free(i);
      if (order == Order::kFalling) free(count - 1 - i);
      if (order == Order::kInterleaved) free(i % 2 == 0 ? i / 2 : count - 1 - i / 2);
    }
    return heap;
  }

  void CheckSame(const Heap& heap, const Layout& layout) {
    heap.CheckInvariants();
    BlockId id = kEnd;
    for (const Run& run : layout) {
      id = heap.blocks()[id].after;
      const Block& block = heap.blocks()[id];
      ASHLAR_CHECK(block.offset == run.offset && block.size == run.size);
      ASHLAR_CHECK(block.IsFree() == !run.used);
    }
    ASHLAR_CHECK(heap.blocks()[id].after == kEnd);
  }

  void AllocateEach(Heap& heap, const Layout& layout, Units bias) {
    for (Units size = 1; size <= units_ + 1; ++size) {
      for (std::uint8_t log2_alignment = 0; log2_alignment <= 3; ++log2_alignment) {
        ++counts_.calls;
        const Request request{size, log2_alignment, bias};
        const Run* first = nullptr;
        const Run* smallest = nullptr;
        for (const Run& run : layout) {
          Block block;
          block.offset = run.offset;
          block.size = run.size;
          if (run.used || !request.FitsIn(block)) continue;
          if (first == nullptr) first = &run;
          if (smallest == nullptr || run.size < smallest->size) smallest = &run;
        }
        const BlockId id = heap.Allocate(size, log2_alignment, BlockKind::kMovable);
        ASHLAR_CHECK((id != kNoBlock) == (first != nullptr), "it is given exactly if it fits");
        if (id == kNoBlock) continue;
        const Units offset = heap.blocks()[id].offset;
        const Run* taken = nullptr;
        for (const Run& run : layout) {
          if (!run.used && offset >= run.offset && offset < run.offset + run.size) taken = &run;
        }
        ASHLAR_CHECK(taken != nullptr && offset == request.Align(taken->offset));
        ASHLAR_CHECK(offset + size <= taken->offset + taken->size);
        if (choice_ == Choice::kFirst) ASHLAR_CHECK(taken == first);
        if (choice_ == Choice::kSmallest) ASHLAR_CHECK(taken->size == smallest->size);
        heap.CheckInvariants();
        heap.Free(id);
        CheckSame(heap, layout);
      }
    }
  }

  void FreeEach(const Layout& layout, Order order) {
    for (std::size_t i = 0; i < layout.size(); ++i) {
      if (!layout[i].used) continue;
      ++counts_.calls;
      std::vector<BlockId> ids;
      Heap heap = Build(layout, order, 0, ids);
      heap.Free(ids[i]);
      Layout expected;
      for (std::size_t k = 0; k < layout.size(); ++k) {
        const bool used = layout[k].used && k != i;
        if (!used && !expected.empty() && !expected.back().used) {
          expected.back().size += layout[k].size;
        } else {
          expected.push_back({layout[k].offset, layout[k].size, used});
        }
      }
      CheckSame(heap, expected);
    }
  }

  // With `layout.size()` for nothing pinned.
  void CompactEach(const Layout& layout, Order order) {
    for (std::size_t pinned = 0; pinned <= layout.size(); ++pinned) {
      if (pinned < layout.size() && !layout[pinned].used) continue;
      for (const std::uint32_t visits : {1u, 1000u}) {
        ++counts_.calls;
        std::vector<BlockId> ids;
        Heap heap = Build(layout, order, 0, ids);
        if (pinned < layout.size()) heap.blocks()[ids[pinned]].pins() = 1;
        Compact(heap, layout, ids, pinned, visits);
      }
    }
  }

  void Compact(Heap& heap, const Layout& layout, const std::vector<BlockId>& ids,
               std::size_t pinned, std::uint32_t visits) {
    // Who is where, unit by unit.
    std::vector<BlockId> content(units_, kNoBlock);
    for (std::size_t i = 0; i < layout.size(); ++i) {
      for (Units u = 0; layout[i].used && u < layout[i].size; ++u) {
        content[layout[i].offset + u] = ids[i];
      }
    }
    const Units largest = heap.Largest();
    std::uint32_t moves = 0;
    bool ended = false;
    while (!ended) {
      const CompactionStep step =
          internal::Compact(heap, {.visits = visits, .units = 1}, [&](BlockId id, Units from) {
            const Block& block = heap.blocks()[id];
            ASHLAR_CHECK(block.offset < from);
            for (Units u = 0; u < block.size; ++u) {
              ASHLAR_CHECK(content[from + u] == id, "what is moved was there");
              content[from + u] = kNoBlock;
              ASHLAR_CHECK(content[block.offset + u] == kNoBlock, "and nothing where it goes");
              content[block.offset + u] = id;
            }
          });
      heap.CheckInvariants();
      ASHLAR_CHECK(step.visits <= visits + 8);
      ASHLAR_CHECK(step.units <= 1 || step.moves == 1);
      moves += step.moves;
      ended = step.pass_ended;
    }
    for (std::size_t i = 0; i < layout.size(); ++i) {
      if (!layout[i].used) continue;
      const Block& block = heap.blocks()[ids[i]];
      ASHLAR_CHECK(block.size == layout[i].size && block.kind == BlockKind::kMovable);
      for (Units u = 0; u < block.size; ++u) ASHLAR_CHECK(content[block.offset + u] == ids[i]);
    }
    ASHLAR_CHECK(moves <= layout.size());
    if (pinned == layout.size()) {
      ASHLAR_CHECK(heap.Largest() == heap.free() && heap.free_blocks() == 1, "all free is one");
    } else {
      ASHLAR_CHECK(heap.blocks()[ids[pinned]].offset == layout[pinned].offset);
      // Below what is pinned nothing is free but one run, and above it one.
      ASHLAR_CHECK(heap.free_blocks() <= 2);
      ASHLAR_CHECK(heap.Largest() * 2 >= heap.free() && heap.Largest() * 2 >= largest);
    }
  }

  const Units units_;
  const Choice choice_;
  Counts& counts_;
};

template <class Index>
void Explore(const char* name, Units most, Choice choice) {
  Counts counts;
  for (Units units = 1; units <= most; ++units) Explorer<Index>(units, choice, counts).ExploreAll();
  std::printf("%s: heaps of 1 to %u units, %llu layouts, %llu calls\n", name, most,
              static_cast<unsigned long long>(counts.layouts),
              static_cast<unsigned long long>(counts.calls));
}

}  // namespace
}  // namespace ashlar::internal

int main(int argc, char** argv) {
  using namespace ashlar::internal;  // NOLINT
  const char* const scale = std::getenv("ASHLAR_MODEL_SCALE");
  Units most = scale != nullptr && std::atoi(scale) > 1 ? 12 : 10;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--units=", 8) == 0)
      most = static_cast<Units>(std::atoi(argv[i] + 8));
  }
  const Units few = std::min(most, Units{10});
  Explore<FirstFitIndex>("first fit", most, Choice::kFirst);
  Explore<BestFitIndex>("best fit", most, Choice::kSmallest);
  Explore<BestFitIndexOf<3>>("best fit, two lists", few, Choice::kSmallest);
  Explore<TlsfIndex>("tlsf", most, Choice::kAny);
  Explore<TlsfIndexOf<1>>("tlsf, two columns", few, Choice::kAny);
  return 0;
}
