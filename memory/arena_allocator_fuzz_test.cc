// Sequences of calls of an arena against a list of the ranges that it gave out: they are aligned,
// apart, keep what was written into them, and objects are destroyed when they should be.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/memory/arena_allocator.h"
#include "ashlar/memory/slab_source_for_test.h"

namespace ashlar {
namespace {

// Bytes to decide by; zeros at the end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}
  bool IsEmpty() const { return next_ == end_; }
  std::uint8_t Byte() { return IsEmpty() ? 0 : *next_++; }
  // Small ones most often.
  std::size_t Size() { return std::size_t{Byte()} << (Byte() % 6); }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* const end_;
};

struct Counted {
  explicit Counted(int& alive) : alive_count(&alive) { ++*alive_count; }
  ~Counted() { --*alive_count; }
  int* alive_count;
  char filler[20] = {};
};

struct Range {
  unsigned char* begin;
  std::size_t bytes;
  unsigned char fill;
};

struct Moment {
  ArenaAllocator::Mark mark;
  std::size_t ranges;
  int alive;
};

class Model {
 public:
  Model(std::size_t limit, std::size_t first_slab, std::size_t initial)
      : limit_(limit),
        source_(limit),
        arena_(
            std::span<std::byte>(room_, initial),
            {.first_slab = first_slab, .largest_slab = 4096, .limit = limit, .source = source_}) {}

  void Step(Input& input) {
    switch (input.Byte() % 8) {
      case 0:
        return Create();
      case 1:
        moments_.push_back({arena_.GetMark(), ranges_.size(), alive_});
        return;
      case 2:
        if (!moments_.empty()) Rewind(input.Byte() % moments_.size());
        return;
      case 3:
        if (input.Byte() % 8 == 0) Reset();
        return;
      case 4:
        arena_.Trim();
        return;
      default:
        const std::size_t bytes = input.Size();
        return Allocate(bytes, std::size_t{1} << (input.Byte() % 13));
    }
  }

  void CheckInvariants() {
    ASHLAR_CHECK(source_.Bytes() == arena_.ReservedBytes());
    ASHLAR_CHECK(arena_.ReservedBytes() <= limit_);
    for (const Range& range : ranges_) {
      for (std::size_t i = 0; i < range.bytes; ++i) ASHLAR_CHECK(range.begin[i] == range.fill);
    }
  }

  void Reset() {
    arena_.Reset();
    ranges_.clear();
    moments_.clear();
    ASHLAR_CHECK(alive_ == 0);
  }

 private:
  void Allocate(std::size_t bytes, std::size_t alignment) {
    auto* const begin = static_cast<unsigned char*>(arena_.Allocate(bytes, alignment));
    if (begin == nullptr) {
      // With a slab header and padding it does not fit beneath the limit any more.
      ASHLAR_CHECK(bytes + 2 * alignment + 64 > limit_ - arena_.ReservedBytes());
      return;
    }
    ASHLAR_CHECK(reinterpret_cast<std::uintptr_t>(begin) % alignment == 0);
    for (const Range& range : ranges_) {
      ASHLAR_CHECK(begin + bytes <= range.begin || range.begin + range.bytes <= begin);
    }
    const auto fill = static_cast<unsigned char>(ranges_.size() * 37 + 1);
    std::memset(begin, fill, bytes);
    ranges_.push_back({begin, bytes, fill});
  }

  void Create() {
    const int before = alive_;
    const Counted* const object = arena_.Create<Counted>(alive_);
    ASHLAR_CHECK(alive_ == before + (object != nullptr));
  }

  void Rewind(std::size_t index) {
    const Moment moment = moments_[index];
    arena_.Rewind(moment.mark);
    ranges_.resize(moment.ranges);
    moments_.erase(moments_.begin() + static_cast<std::ptrdiff_t>(index) + 1, moments_.end());
    ASHLAR_CHECK(alive_ == moment.alive);
  }

  const std::size_t limit_;
  alignas(16) std::byte room_[256];
  LimitedSource source_;
  int alive_ = 0;
  std::vector<Range> ranges_;
  std::vector<Moment> moments_;
  ArenaAllocator arena_;
};

}  // namespace
}  // namespace ashlar

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 400) return 0;
  ashlar::Input input(data, size);
  const std::size_t limit = input.Size() * 4;
  const std::size_t first_slab = input.Size();
  const std::size_t initial = input.Byte();
  ashlar::Model model(limit, first_slab, initial);
  while (!input.IsEmpty()) {
    model.Step(input);
    model.CheckInvariants();
  }
  model.Reset();
  return 0;
}
