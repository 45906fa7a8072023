#include "ashlar/verification/rc11/heap.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "ashlar/base/check.h"

namespace ashlar::verification::rc11 {
namespace {

// Memory is the same in every run before it is written.
constexpr int kFresh = 0xa5;

std::byte* Map(std::size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASHLAR_CHECK(memory != MAP_FAILED, "no memory for a scenario");
  return static_cast<std::byte*>(memory);
}

std::size_t RoundUp(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

}  // namespace

Heap::Heap(int arenas)
    : arenas_(static_cast<std::size_t>(arenas)), memory_(Map(arenas_.size() * kArenaBytes)) {}

Heap::~Heap() { munmap(memory_, arenas_.size() * kArenaBytes); }

void Heap::Reset() {
  for (Arena& arena : arenas_) arena = Arena();
}

Heap::Block* Heap::Allocate(int index, std::size_t bytes, std::size_t alignment) {
  Arena& arena = arenas_[static_cast<std::size_t>(index)];
  std::byte* const begin = memory_ + static_cast<std::size_t>(index) * kArenaBytes;
  if (alignment < alignof(Block)) alignment = alignof(Block);
  if (bytes > kArenaBytes || alignment > kArenaBytes) return nullptr;
  const auto base = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t start = RoundUp(base + arena.used + sizeof(Block), alignment) - base;
  const std::size_t end = start + RoundUp(bytes, alignof(Block));
  if (end > kArenaBytes) return nullptr;
  auto* const block = ::new (begin + start - sizeof(Block)) Block();
  block->start = std::memset(begin + start, kFresh, end - start);
  block->bytes = bytes;
  block->older = arena.newest;
  arena.newest = block;
  arena.used = end;
  return block;
}

Heap::Block* Heap::Reusable(int arena, std::size_t bytes, std::size_t alignment, int nth) const {
  Block* block = arenas_[static_cast<std::size_t>(arena)].free;
  for (; block != nullptr; block = block->older_free) {
    const auto address = reinterpret_cast<std::uintptr_t>(block->start);
    if (block->bytes == bytes && address % alignment == 0 && nth-- == 0) break;
  }
  return block;
}

void Heap::Reuse(int arena, Block* block) {
  Block** link = &arenas_[static_cast<std::size_t>(arena)].free;
  while (*link != block) link = &(*link)->older_free;
  *link = block->older_free;
  block->freed = false;
}

void Heap::MakeReusable(int arena, Block* block) {
  block->older_free = arenas_[static_cast<std::size_t>(arena)].free;
  arenas_[static_cast<std::size_t>(arena)].free = block;
}

bool Heap::Contains(const void* pointer) const {
  const auto* const byte = static_cast<const std::byte*>(pointer);
  return byte >= memory_ && byte < memory_ + arenas_.size() * kArenaBytes;
}

Heap::Block* Heap::Find(const void* pointer) const {
  if (!Contains(pointer)) return nullptr;
  const auto offset =
      static_cast<std::size_t>(static_cast<const std::byte*>(pointer) - memory_) / kArenaBytes;
  Block* block = arenas_[offset].newest;
  while (block != nullptr && block->start != pointer) block = block->older;
  return block;
}

const Heap::Block* Heap::FindLeak() const {
  for (const Arena& arena : arenas_) {
    for (const Block* block = arena.newest; block != nullptr; block = block->older) {
      if (!block->freed) return block;
    }
  }
  return nullptr;
}

}  // namespace ashlar::verification::rc11
