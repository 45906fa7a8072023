// Loops over index ranges, split when somebody is hungry.
//
// A worker runs its range piece by piece. Whenever it finds that it has little left for
// others to steal, it forks the upper half of what remains and goes on with the lower
// half. So there is always something on offer, and a loop that nobody helps with forks
// a few times only. After A. Tzannes et al., "Lazy binary-splitting", PPoPP 2010.
#ifndef ASHLAR_ENGINE_INTERNAL_LOOPS_H_
#define ASHLAR_ENGINE_INTERNAL_LOOPS_H_

#include <algorithm>
#include <cstdint>
#include <utility>

#include "ashlar/engine/internal/fork_join.h"
#include "ashlar/engine/internal/worker.h"

namespace ashlar::internal {

// Forks that a worker keeps on offer. More than one, because it notices that one was
// stolen only between two pieces, which may be long.
inline constexpr std::size_t kOnOffer = 4;

// Calls between two looks at the deque: few enough that a hungry worker does not wait
// for more than a thousandth of an even share.
template <class Index>
Index PieceSize(Index begin, Index end, int workers) {
  const auto count = static_cast<std::uint64_t>(end - begin);
  const std::uint64_t piece = count / (static_cast<std::uint64_t>(workers) * 1024);
  return static_cast<Index>(std::clamp<std::uint64_t>(piece, 1, 8192));
}

template <class Index>
Index Middle(Index begin, Index end) {
  return static_cast<Index>(begin + (end - begin) / 2);
}

template <class Index, class F>
void ForEach(Worker& worker, Index begin, Index end, F& f, Index piece) {
  while (begin < end) {
    if (end - begin > piece && worker.forks().Size() < kOnOffer) {
      const Index middle = Middle(begin, end);
      const auto lower = [&, begin] { ForEach(worker, begin, middle, f, piece); };
      const auto upper = [&, end] { ForEach(*Worker::Current(), middle, end, f, piece); };
      worker.forks().Request();  // on offer at once: the next look may be long away
      ForkJoin(worker, lower, upper);
      return;
    }
    const Index stop = end - begin > piece ? static_cast<Index>(begin + piece) : end;
    for (; begin < stop; ++begin) f(begin);
  }
}

template <class T, class Index, class Map, class Combine>
T Reduce(Worker& worker, Index begin, Index end, const T& identity, Map& map, Combine& combine,
         Index piece) {
  T sum = identity;
  while (begin < end) {
    if (end - begin > piece && worker.forks().Size() < kOnOffer) {
      const Index middle = Middle(begin, end);
      const auto lower = [&, begin] {
        return Reduce<T>(worker, begin, middle, identity, map, combine, piece);
      };
      const auto upper = [&, end] {
        return Reduce<T>(*Worker::Current(), middle, end, identity, map, combine, piece);
      };
      worker.forks().Request();
      auto [low, high] = ForkJoin(worker, lower, upper);
      return combine(std::move(sum), combine(std::move(low), std::move(high)));
    }
    const Index stop = end - begin > piece ? static_cast<Index>(begin + piece) : end;
    for (; begin < stop; ++begin) sum = combine(std::move(sum), map(begin));
  }
  return sum;
}

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_LOOPS_H_
