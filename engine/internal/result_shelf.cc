#include "ashlar/engine/internal/result_shelf.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace ashlar::internal {
namespace {

absl::Status NotKept(std::uint64_t id) {
  return absl::NotFoundError(absl::StrCat(
      "no result is kept for task id ", id,
      ": it was never given out, was taken before, or had to make room for newer results"));
}

}  // namespace

ResultShelf::~ResultShelf() {
  for (const Place& place : places_) {
    if (place.block != nullptr) LetGo(place.block);
  }
}

std::uint64_t ResultShelf::Put(TaskBlock* block) {
  TaskBlock* evicted = nullptr;
  std::uint64_t id;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    id = last_id_ + 1;
    const std::size_t index = static_cast<std::size_t>(id % capacity_);
    if (index >= places_.size()) places_.resize(index + 1);
    last_id_ = id;
    evicted = std::exchange(places_[index].block, block);
    places_[index].id = id;
  }
  // Outside of the lock: it runs the destructor of the user's type.
  if (evicted != nullptr) LetGo(evicted);
  return id;
}

ResultShelf::Place* ResultShelf::PlaceOf(std::uint64_t id) {
  const std::size_t index = static_cast<std::size_t>(id % capacity_);
  if (id == 0 || index >= places_.size()) return nullptr;
  Place& place = places_[index];
  return place.id == id && place.block != nullptr ? &place : nullptr;
}

absl::StatusOr<TaskBlock*> ResultShelf::Find(std::uint64_t id, const void* result_tag) {
  std::lock_guard<std::mutex> lock(mutex_);
  Place* const place = PlaceOf(id);
  if (place == nullptr) return NotKept(id);
  if (TypeOf(*place->block).result_tag != result_tag) {
    return absl::InvalidArgumentError(
        absl::StrCat("the task with id ", id, " gives a result of another type"));
  }
  place->block->state.AddHolder();
  return place->block;
}

absl::Status ResultShelf::Remove(std::uint64_t id) {
  TaskBlock* block = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    Place* const place = PlaceOf(id);
    if (place == nullptr) return NotKept(id);
    block = std::exchange(place->block, nullptr);
  }
  LetGo(block);
  return absl::OkStatus();
}

}  // namespace ashlar::internal
