// ResultShelf: results that are asked for by id.
//
// A ring of the newest `capacity` ids: the n-th result lies in place n % capacity until
// it is taken or the ring comes round again. An id therefore is never used twice, and
// what the shelf keeps is bounded.
#ifndef ASHLAR_ENGINE_INTERNAL_RESULT_SHELF_H_
#define ASHLAR_ENGINE_INTERNAL_RESULT_SHELF_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/engine/internal/task_block.h"

namespace ashlar::internal {

class ResultShelf {
 public:
  explicit ResultShelf(std::size_t capacity) : capacity_(capacity) {}
  ~ResultShelf();

  // Takes over the caller's hold of the block. Returns its id.
  std::uint64_t Put(TaskBlock* block);

  // The block, with one more holder: the caller. Its result stays on the shelf.
  // `result_tag`: of the type that the caller expects.
  absl::StatusOr<TaskBlock*> Find(std::uint64_t id, const void* result_tag);

  // Takes the block off the shelf, and the shelf's hold with it. NotFound if another
  // thread was first.
  absl::Status Remove(std::uint64_t id);

 private:
  struct Place {
    std::uint64_t id = 0;
    TaskBlock* block = nullptr;
  };

  // The place that holds `id`, or null. With mutex_ held.
  Place* PlaceOf(std::uint64_t id);

  const std::size_t capacity_;
  std::mutex mutex_;
  std::vector<Place> places_;  // grows up to capacity_
  std::uint64_t last_id_ = 0;
};

// Lets go of a block at the end of the scope.
class HeldBlock {
 public:
  explicit HeldBlock(TaskBlock* block) : block_(block) {}
  ~HeldBlock() { LetGo(block_); }
  HeldBlock(const HeldBlock&) = delete;
  HeldBlock& operator=(const HeldBlock&) = delete;

 private:
  TaskBlock* const block_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_RESULT_SHELF_H_
