#include "ashlar/memory/block_pool.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace ashlar {
namespace {

constexpr std::size_t kSmallestSlab = SlabSource::kMapped;
// Slabs of larger blocks have fewer.
constexpr std::size_t kUsualBlocks = 32;
constexpr std::size_t kLargestUsualSlab = std::size_t{2} << 20;
constexpr std::size_t kMagazineBytes = std::size_t{32} << 10;
// Larger ones are refused; no memory could hold them.
constexpr std::size_t kLargestBlock = std::size_t{1} << 46;

constexpr std::size_t RoundUp(std::size_t value, std::size_t alignment) {
  return (value + (alignment - 1)) & ~(alignment - 1);
}

constexpr std::size_t WordsFor(std::size_t bits) { return (bits + 63) / 64; }

}  // namespace

template <bool kChecked>
BasicBlockPool<kChecked>::BasicBlockPool(const BlockPoolOptions& options) noexcept
    : bytes_(RoundUp(std::clamp<std::size_t>(options.bytes, 1, kLargestBlock), sizeof(Link))),
      magazine_(std::min({options.magazine, kMostInMagazine, options.limit / 16,
                          std::max(kMagazineBytes / bytes_, std::size_t{16})})),
      filled_(std::max<std::size_t>(magazine_ / 2, 1)),
      // With what a link carries a magazine that was not yet filled does not overflow.
      others_(std::min((bytes_ - sizeof(Link)) / sizeof(void*), filled_ - 1)),
      limit_(options.limit),
      source_(options.source) {
  ASHLAR_CHECK(std::has_single_bit(options.alignment) && options.alignment <= 4096,
               "an alignment is a power of two, up to a page");
  const std::size_t alignment = std::max(options.alignment, alignof(Link));
  stride_ = RoundUp(bytes_ + kGuardBytes, alignment);
  reciprocal_ = ((std::uint64_t{1} << 32) + stride_ - 1) / stride_;
  if (options.bytes < kLargestBlock) {
    for (slab_bytes_ = kSmallestSlab;; slab_bytes_ *= 2) {
      const auto first = [&] {
        return RoundUp(sizeof(Slab) + WordsFor(most_in_slab_) * sizeof(std::uint64_t), alignment);
      };
      most_in_slab_ = (slab_bytes_ - sizeof(Slab)) / stride_;
      while (most_in_slab_ > 0 && first() + most_in_slab_ * stride_ > slab_bytes_) --most_in_slab_;
      first_offset_ = first();
      if (most_in_slab_ >= kUsualBlocks) break;
      if (most_in_slab_ > 0 && slab_bytes_ >= kLargestUsualSlab) break;
    }
  }
  Register();
}

template <bool kChecked>
BasicBlockPool<kChecked>::~BasicBlockPool() {
  Unregister();
  Heap* const first = heaps_.load(std::memory_order_acquire);
  for (Heap* heap = first; heap != nullptr; heap = heap->next) Flush(heap, heap->count);
  Trim();
  ASHLAR_CHECK(slabs_ == 0, "blocks are still in use at the end of their pool");
  for (Heap* heap = first; heap != nullptr;) delete std::exchange(heap, heap->next);
}

template <bool kChecked>
std::size_t BasicBlockPool<kChecked>::Trim() noexcept {
  const std::uint32_t index = ThreadIndexIfAny();
  if (Heap* const mine = index == kNoThreadIndex ? nullptr : FindHeap(index)) {
    Flush(mine, mine->count);
  }
  // acquire: the heaps. Pairs with the release in ThisHeap.
  for (Heap* heap = heaps_.load(std::memory_order_acquire); heap != nullptr; heap = heap->next) {
    const std::lock_guard lock(heap->mutex);
    Drain(*heap);
    PutSpareAside(*heap);
  }
  return GiveBackAside();
}

template <bool kChecked>
std::size_t BasicBlockPool<kChecked>::ReservedBytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return slabs_ * slab_bytes_;
}

template <bool kChecked>
void BasicBlockPool<kChecked>::CheckFreed(void* block) const noexcept {
  const std::uintptr_t address = Address(block);
  const char* const kForeign = "the block is none of this pool's";
  // relaxed: who has a block has seen its slab come.
  ASHLAR_CHECK(address >= lowest_.load(std::memory_order_relaxed) &&
                   address < highest_.load(std::memory_order_relaxed),
               kForeign);
  const Slab* const slab = SlabOf(block);
  ASHLAR_CHECK(slab->pool == this, kForeign);
  const std::size_t offset = address - Address(slab);
  ASHLAR_CHECK(offset >= first_offset_ && (offset - first_offset_) % stride_ == 0 &&
                   (offset - first_offset_) / stride_ < slab->blocks,
               "the address is in the middle of a block");
  if constexpr (kPoisons) {
    ASHLAR_CHECK(!IsPoisoned(block), "the block is freed twice");
  } else if constexpr (kGuarded) {
    const std::uint64_t guard = Guard(block);
    ASHLAR_CHECK(guard != (kFree ^ address), "the block is freed twice");
    ASHLAR_CHECK(guard == (kUsed ^ address), "the block was written to beyond its end");
    SetGuard(block, kFree);
  }
}

template <bool kChecked>
std::size_t BasicBlockPool<kChecked>::IndexIn(const Slab* slab, const void* block) const noexcept {
  // Exact for multiples of the stride.
  return (Address(block) - Address(slab) - first_offset_) * reciprocal_ >> 32;
}

template <bool kChecked>
void* BasicBlockPool<kChecked>::BlockIn(Slab* slab, std::size_t index) const noexcept {
  return reinterpret_cast<std::byte*>(slab) + first_offset_ + index * stride_;
}

template <bool kChecked>
void* BasicBlockPool<kChecked>::AllocateSlowly() noexcept {
  Heap* const heap = ThisHeap();
  if (heap == nullptr) return nullptr;
  if (heap->count == 0) {
    bool filled;
    {
      const std::lock_guard lock(heap->mutex);
      filled = Fill(*heap, *heap) || (AddSlab(*heap) && Fill(*heap, *heap));
    }
    if (!filled && !FillElsewhere(*heap)) return nullptr;
  }
  return Out(heap->blocks[--heap->count]);
}

template <bool kChecked>
void BasicBlockPool<kChecked>::FreeSlowly(void* block) noexcept {
  Poison(block, bytes_);
  Heap* const heap = magazine_ == 0 ? nullptr : ThisHeap();
  if (heap == nullptr) return SendHome(&block, 1);
  if (heap->count == magazine_) Flush(heap, (magazine_ + 1) / 2);
  heap->blocks[heap->count++] = block;
}

// The thread's last words. What it kept is for others now.
template <bool kChecked>
void BasicBlockPool<kChecked>::OnThreadExit(std::uint32_t index) noexcept {
  Heap* const heap = FindHeap(index);
  if (heap == nullptr) return;
  Flush(heap, heap->count);
  const std::lock_guard lock(heap->mutex);
  Drain(*heap);
  PutSpareAside(*heap);
}

template <bool kChecked>
typename BasicBlockPool<kChecked>::Heap* BasicBlockPool<kChecked>::FindHeap(
    std::uint32_t index) const noexcept {
  if (index < kNear) return near_[index];
  Heap* heap = heaps_.load(std::memory_order_acquire);
  while (heap != nullptr && heap->index != index) heap = heap->next;
  return heap;
}

// The calling thread's, made if need be. Null if there is no memory.
template <bool kChecked>
typename BasicBlockPool<kChecked>::Heap* BasicBlockPool<kChecked>::ThisHeap() noexcept {
  const std::uint32_t index = ThreadIndex();
  if (index == kNoThreadIndex) return nullptr;
  if (Heap* const heap = FindHeap(index)) return heap;
  Heap* const heap = new (std::nothrow) Heap;
  if (heap == nullptr) return nullptr;
  heap->index = index;
  {
    const std::lock_guard lock(mutex_);
    heap->next = heaps_.load(std::memory_order_relaxed);
    // release: pairs with the acquires of those who walk along the heaps.
    heaps_.store(heap, std::memory_order_release);
  }
  if (index < kNear) near_[index] = heap;
  return heap;
}

// Takes the `count` blocks that have been longest in the thread's magazine back into slabs.
template <bool kChecked>
void BasicBlockPool<kChecked>::Flush(Heap* heap, std::size_t count) noexcept {
  void** const blocks = heap->blocks;
  std::size_t foreign = 0;
  {
    std::unique_lock lock(heap->mutex, std::defer_lock);
    for (std::size_t i = 0; i < count;) {
      Slab* const slab = SlabOf(blocks[i]);
      const std::size_t run = RunOf(slab, blocks + i, count - i);
      if (slab->owner == heap) {
        if (!lock) lock.lock();
        Put(*heap, slab, blocks + i, run);
      } else {
        std::copy_n(blocks + i, run, blocks + foreign);
        foreign += run;
      }
      i += run;
    }
  }
  SendHome(blocks, foreign);
  heap->count -= count;
  std::copy_n(blocks + count, heap->count, blocks);
}

// Sends blocks to the threads that have their slabs.
template <bool kChecked>
void BasicBlockPool<kChecked>::SendHome(void** blocks, std::size_t count) noexcept {
  while (count > 0) {
    Heap* const owner = SlabOf(blocks[0])->owner;
    void** const others = std::partition(
        blocks, blocks + count, [&](void* block) { return SlabOf(block)->owner == owner; });
    const auto sent = static_cast<std::size_t>(others - blocks);
    Link* last = nullptr;
    Link* const first = Pack(blocks, sent, last);
    owner->remote.Push(first, last);
    blocks = others;
    count -= sent;
  }
}

// Makes a chain of some of the blocks, with the addresses of the others in them.
template <bool kChecked>
typename BasicBlockPool<kChecked>::Link* BasicBlockPool<kChecked>::Pack(
    void** blocks, std::size_t count, Link*& last) const noexcept {
  Link* first = nullptr;
  for (std::size_t i = 0; i < count;) {
    Unpoison(blocks[i], bytes_);
    Link* const link = ::new (blocks[i++]) Link;
    const std::size_t others = std::min(others_, count - i);
    std::copy_n(blocks + i, others, Others(link));
    if (others < others_) Others(link)[others] = nullptr;
    i += others;
    if (first == nullptr) {
      first = link;
    } else {
      Remote::Join(last, link);
    }
    last = link;
  }
  return first;
}

// How many addresses are in a link.
template <bool kChecked>
std::size_t BasicBlockPool<kChecked>::CountOthers(Link* link) const noexcept {
  return static_cast<std::size_t>(std::find(Others(link), Others(link) + others_, nullptr) -
                                  Others(link));
}

// The next of what others freed, or null.
template <bool kChecked>
typename BasicBlockPool<kChecked>::Link* BasicBlockPool<kChecked>::TakeReturned(
    Heap& heap) noexcept {
  if (heap.returned == nullptr) heap.returned = heap.remote.TakeAll();
  Link* const link = heap.returned;
  if (link != nullptr) heap.returned = Remote::Next(link);
  return link;
}

// Takes all that others freed into the slabs.
template <bool kChecked>
void BasicBlockPool<kChecked>::Drain(Heap& heap) noexcept {
  while (Link* const link = TakeReturned(heap)) {
    void** const others = Others(link);
    const std::size_t count = CountOthers(link);
    for (std::size_t i = 0; i < count;) {
      Slab* const slab = SlabOf(others[i]);
      const std::size_t run = RunOf(slab, others + i, count - i);
      Put(heap, slab, others + i, run);
      i += run;
    }
    Poison(link, bytes_);
    void* const block = link;
    Put(heap, SlabOf(block), &block, 1);
  }
}

// How many of the blocks, from the first, are of this slab: of those that were allocated together
// most often many are.
template <bool kChecked>
std::size_t BasicBlockPool<kChecked>::RunOf(const Slab* slab, void* const* blocks,
                                            std::size_t count) const noexcept {
  std::size_t run = 1;
  while (run < count && SlabOf(blocks[run]) == slab) ++run;
  return run;
}

// Takes blocks back into their slab.
template <bool kChecked>
void BasicBlockPool<kChecked>::Put(Heap& heap, Slab* slab, void* const* blocks,
                                   std::size_t count) noexcept {
  std::size_t index = IndexIn(slab, blocks[0]);
  for (std::size_t i = 0; i < count;) {
    const std::size_t word = index / 64;
    const std::uint64_t before = slab->Bits()[word];
    std::uint64_t freed = 0;
    const std::size_t first = i;
    do {
      freed |= std::uint64_t{1} << index % 64;
      if (++i < count) index = IndexIn(slab, blocks[i]);
    } while (i < count && index / 64 == word);
    ASHLAR_CHECK(
        (before & freed) == 0 && static_cast<std::size_t>(std::popcount(freed)) == i - first,
        "a block is freed twice");
    slab->Bits()[word] = before | freed;
    slab->first_word = std::min(slab->first_word, word);
  }

  if (slab->free == 0) Add(heap, slab);
  slab->free += count;
  if (slab->free < slab->blocks) return;
  Remove(heap, slab);
  PutSpareAside(heap);
  heap.spare = slab;
}

// Gives the magazine, which is empty, blocks that the heap has. False if there are none.
template <bool kChecked>
bool BasicBlockPool<kChecked>::Fill(Heap& from, Heap& magazine) noexcept {
  while (magazine.count < filled_) {
    if (Link* const link = TakeReturned(from)) {
      const std::size_t others = CountOthers(link);
      std::copy_n(Others(link), others, magazine.blocks + magazine.count);
      magazine.count += others;
      Poison(link, bytes_);
      magazine.blocks[magazine.count++] = link;
      continue;
    }
    if (from.slabs == nullptr) {
      if (from.spare == nullptr) break;
      Add(from, std::exchange(from.spare, nullptr));
    }
    TakeFrom(from, from.slabs, magazine);
  }
  return magazine.count > 0;
}

template <bool kChecked>
void BasicBlockPool<kChecked>::TakeFrom(Heap& from, Slab* slab, Heap& magazine) noexcept {
  std::size_t left = std::min(filled_ - magazine.count, slab->free);
  slab->free -= left;
  void** taken = magazine.blocks + magazine.count;
  magazine.count += left;
  const std::size_t stride = stride_;
  std::size_t word = slab->first_word;
  for (;; ++word) {
    std::uint64_t bits = slab->Bits()[word];
    auto* const first = static_cast<std::byte*>(BlockIn(slab, word * 64));
    for (; bits != 0 && left > 0; --left) {
      *taken++ = first + static_cast<std::size_t>(std::countr_zero(bits)) * stride;
      bits &= bits - 1;
    }
    slab->Bits()[word] = bits;
    if (left == 0) break;
  }
  slab->first_word = word;
  if (slab->free == 0) Remove(from, slab);
}

template <bool kChecked>
void BasicBlockPool<kChecked>::Add(Heap& heap, Slab* slab) noexcept {
  slab->previous = nullptr;
  slab->next = heap.slabs;
  if (heap.slabs != nullptr) heap.slabs->previous = slab;
  heap.slabs = slab;
}

template <bool kChecked>
void BasicBlockPool<kChecked>::Remove(Heap& heap, Slab* slab) noexcept {
  (slab->previous == nullptr ? heap.slabs : slab->previous->next) = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
}

// Gets the heap a slab that has only free blocks. False if the limit is reached, or there is no
// memory.
template <bool kChecked>
bool BasicBlockPool<kChecked>::AddSlab(Heap& heap) noexcept {
  std::size_t blocks = 0;
  Slab* slab = TakeAside(blocks);
  if (slab == nullptr && blocks > 0) slab = MakeSlab(blocks);
  if (slab == nullptr) return false;
  slab->owner = &heap;
  heap.spare = slab;
  return true;
}

template <bool kChecked>
void BasicBlockPool<kChecked>::PutSpareAside(Heap& heap) noexcept {
  if (heap.spare != nullptr) PutAside(std::exchange(heap.spare, nullptr));
}

// Under the limit, or out of memory: takes blocks from the slabs that other threads have.
template <bool kChecked>
bool BasicBlockPool<kChecked>::FillElsewhere(Heap& magazine) noexcept {
  for (;;) {
    const std::size_t moves = Moves();
    for (Heap* heap = heaps_.load(std::memory_order_acquire); heap != nullptr; heap = heap->next) {
      const std::lock_guard lock(heap->mutex);
      if (Fill(*heap, magazine)) return true;
    }
    // A slab may have moved from where it was not yet looked for to where it was. The last moves
    // were aside, or our own thread would have been refused for another's sake.
    if (Moves() == moves) return false;
    const std::lock_guard lock(magazine.mutex);
    if (AddSlab(magazine) && Fill(magazine, magazine)) return true;
  }
}

// A slab that no thread has; or null, and how many blocks a new one may have, which then count.
template <bool kChecked>
typename BasicBlockPool<kChecked>::Slab* BasicBlockPool<kChecked>::TakeAside(
    std::size_t& blocks_of_new) noexcept {
  const std::lock_guard lock(mutex_);
  if (Slab* const slab = aside_) {
    ++moves_;
    aside_ = slab->next;
    return slab;
  }
  blocks_of_new = std::min(most_in_slab_, limit_ - blocks_);
  if (blocks_of_new > 0) {
    blocks_ += blocks_of_new;
    ++slabs_;
  }
  return nullptr;
}

template <bool kChecked>
typename BasicBlockPool<kChecked>::Slab* BasicBlockPool<kChecked>::MakeSlab(
    std::size_t blocks) noexcept {
  void* const memory = source_.Take(slab_bytes_, slab_bytes_);
  const std::lock_guard lock(mutex_);
  if (memory == nullptr) {
    blocks_ -= blocks;
    --slabs_;
    return nullptr;
  }
  ++moves_;
  // relaxed: see CheckFreed.
  lowest_.store(std::min(lowest_.load(std::memory_order_relaxed), Address(memory)),
                std::memory_order_relaxed);
  highest_.store(std::max(highest_.load(std::memory_order_relaxed), Address(memory) + slab_bytes_),
                 std::memory_order_relaxed);

  auto* const slab = ::new (memory) Slab{};
  slab->pool = this;
  slab->blocks = slab->free = blocks;
  std::fill_n(slab->Bits(), WordsFor(blocks), ~std::uint64_t{0});
  if (const std::size_t rest = blocks % 64; rest != 0) {
    slab->Bits()[blocks / 64] = (std::uint64_t{1} << rest) - 1;
  }
  if constexpr (kGuarded) {
    for (std::size_t i = 0; i < blocks; ++i) SetGuard(BlockIn(slab, i), kFree);
  }
  Poison(BlockIn(slab, 0), slab_bytes_ - first_offset_);
  return slab;
}

template <bool kChecked>
void BasicBlockPool<kChecked>::PutAside(Slab* slab) noexcept {
  const std::lock_guard lock(mutex_);
  ++moves_;
  slab->owner = nullptr;
  slab->next = std::exchange(aside_, slab);
}

template <bool kChecked>
std::size_t BasicBlockPool<kChecked>::GiveBackAside() noexcept {
  // To the end under the lock: nobody is refused for blocks that are on their way out.
  const std::lock_guard lock(mutex_);
  const std::size_t before = slabs_;
  while (aside_ != nullptr) {
    Slab* const slab = std::exchange(aside_, aside_->next);
    ++moves_;
    --slabs_;
    blocks_ -= slab->blocks;
    source_.GiveBack(slab, slab_bytes_, slab_bytes_);
  }
  return (before - slabs_) * slab_bytes_;
}

template <bool kChecked>
std::size_t BasicBlockPool<kChecked>::Moves() const noexcept {
  const std::lock_guard lock(mutex_);
  return moves_;
}

template class BasicBlockPool<false>;
template class BasicBlockPool<true>;

}  // namespace ashlar
