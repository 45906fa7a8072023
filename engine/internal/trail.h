// Trail: lets who walks a list of cold lines fetch several at a time.
//
// A processor follows a list one miss after another, since it learns from each line where
// the next one is. Whoever makes the list keeps a trail, and writes into each item which
// one it handled kDistance before: a hint that the reader prefetches, and that may well be
// wrong by then. Used by one thread.
#ifndef ASHLAR_ENGINE_INTERNAL_TRAIL_H_
#define ASHLAR_ENGINE_INTERNAL_TRAIL_H_

#include <cstddef>
#include <utility>

namespace ashlar::internal {

template <class T>
class Trail {
 public:
  static constexpr std::size_t kDistance = 8;

  // The item recorded kDistance items before this one, null at first.
  T* Record(T* item) { return std::exchange(items_[turn_++ % kDistance], item); }

 private:
  T* items_[kDistance] = {};
  std::size_t turn_ = 0;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_TRAIL_H_
