#include "ashlar/memory/arena_allocator.h"

#include <algorithm>

namespace ashlar {

ArenaAllocator::ArenaAllocator(std::span<std::byte> initial, const ArenaOptions& options) noexcept
    : next_bytes_(std::min(options.first_slab, options.largest_slab)), options_(options) {
  const auto data = reinterpret_cast<std::uintptr_t>(initial.data());
  const std::uintptr_t begin = RoundUp(data, kGrain);
  const std::uintptr_t end = (data + initial.size()) & ~(std::uintptr_t{kUnit} - 1);
  if (begin < end) {
    initial_begin_ = begin;
    initial_end_ = end;
  }
  Enter(nullptr, initial_begin_);
}

ArenaAllocator::~ArenaAllocator() {
  Reset();
  Trim();
  Unpoison(reinterpret_cast<void*>(initial_begin_), initial_end_ - initial_begin_);
}

ArenaAllocator::Mark ArenaAllocator::GetMark() const noexcept {
  Mark mark;
  mark.arena_ = this;
  mark.slab_ = current_;
  mark.next_ = next_;
  mark.debts_ = debts_;
  mark.place_ = PlaceOf(current_, next_);
  return mark;
}

void ArenaAllocator::Rewind(const Mark& mark) noexcept {
  ASHLAR_CHECK(mark.arena_ == this, "the mark is of another arena");
  ASHLAR_CHECK(mark.place_ <= PlaceOf(current_, next_), "what the mark is of was rewound");
  PayBackTo(mark.debts_);
  if constexpr (kPoisons) {
    for (Slab* slab = mark.slab_; slab != current_;) {
      slab = Next(slab);
      Poison(slab + 1, slab->bytes - sizeof(Slab));
    }
  }
  Enter(mark.slab_, mark.next_);
}

void ArenaAllocator::Reset() noexcept {
  Mark begin = GetMark();
  begin.slab_ = nullptr;
  begin.next_ = initial_begin_;
  begin.debts_ = nullptr;
  begin.place_ = 0;
  Rewind(begin);
}

std::size_t ArenaAllocator::Trim() noexcept {
  const std::size_t before = reserved_;
  for (Slab*& unused = Next(current_); unused != nullptr;) {
    Slab* const slab = unused;
    unused = slab->next;
    reserved_ -= slab->bytes;
    options_.source.GiveBack(slab, slab->bytes, slab->alignment);
  }
  return before - reserved_;
}

void ArenaAllocator::PayBackTo(const Debt* debt) noexcept {
  // A destructor may allocate, and even owe.
  while (debts_ != debt) {
    ASHLAR_CHECK(debts_ != nullptr, "what the mark is of was rewound");
    Debt* const owed = debts_;
    debts_ = owed->before;
    owed->pay(owed);
  }
}

void* ArenaAllocator::AllocateSlowly(std::size_t bytes, std::size_t alignment) noexcept {
  ASHLAR_CHECK(std::has_single_bit(alignment), "an alignment is a power of two");
  if (bytes > std::numeric_limits<std::size_t>::max() / 4 ||
      alignment > std::numeric_limits<std::size_t>::max() / 4) {
    return nullptr;
  }
  if (bytes == 0) return Allocate(1, alignment);
  Slab* slab = FindUnused(bytes, alignment);
  if (slab == nullptr) slab = TakeNew(bytes, alignment);
  if (slab == nullptr) return nullptr;

  slab->next = Next(current_);
  slab->before = PlaceOf(current_, End(current_));
  Next(current_) = slab;
  Enter(slab, Begin(slab));
  return Take(RoundUp(next_, alignment), bytes);
}

// One in which it fits, taken out of the list.
ArenaAllocator::Slab* ArenaAllocator::FindUnused(std::size_t bytes,
                                                 std::size_t alignment) noexcept {
  for (Slab** link = &Next(current_); *link != nullptr; link = &(*link)->next) {
    Slab* const slab = *link;
    const std::uintptr_t begin = RoundUp(Begin(slab), alignment);
    if (begin <= End(slab) && bytes <= End(slab) - begin) {
      *link = slab->next;
      return slab;
    }
  }
  return nullptr;
}

ArenaAllocator::Slab* ArenaAllocator::TakeNew(std::size_t bytes, std::size_t alignment) noexcept {
  alignment = std::max(alignment, kUnit);
  const std::size_t needed = RoundUp(RoundUp(sizeof(Slab), alignment) + bytes, kUnit);
  const auto room = [&] { return (options_.limit - reserved_) & ~(kUnit - 1); };
  // What is there and too small is in the way.
  if (needed > room()) Trim();
  if (needed > room()) return nullptr;

  const std::size_t usual = std::min(RoundUp(next_bytes_, kUnit), room());
  if (usual > needed) {
    if (Slab* const slab = TakeOf(usual, alignment)) {
      next_bytes_ =
          next_bytes_ > options_.largest_slab / 2 ? options_.largest_slab : 2 * next_bytes_;
      return slab;
    }
  }
  Slab* const slab = TakeOf(needed, alignment);
  if (slab != nullptr || Trim() == 0) return slab;
  return TakeOf(needed, alignment);
}

ArenaAllocator::Slab* ArenaAllocator::TakeOf(std::size_t bytes, std::size_t alignment) noexcept {
  void* const memory = options_.source.Take(bytes, alignment);
  if (memory == nullptr) return nullptr;
  reserved_ += bytes;
  auto* const slab = ::new (memory) Slab{nullptr, bytes, alignment, 0};
  Poison(slab + 1, bytes - sizeof(Slab));
  return slab;
}

// Allocates from there next.
void ArenaAllocator::Enter(Slab* slab, std::uintptr_t next) noexcept {
  current_ = slab;
  next_ = next;
  end_ = End(slab);
  Poison(reinterpret_cast<void*>(next_), end_ - next_);
}

}  // namespace ashlar
