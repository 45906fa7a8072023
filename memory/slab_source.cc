#include "ashlar/memory/slab_source.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <new>

#include "ashlar/memory/poison.h"

namespace ashlar {
namespace {

class SystemSource final : public SlabSource {
 public:
  void* Take(std::size_t bytes, std::size_t alignment) noexcept override {
    if (bytes >= kMapped) return Map(bytes, alignment);
    return ::operator new(bytes, std::align_val_t(alignment), std::nothrow);
  }

  void GiveBack(void* slab, std::size_t bytes, std::size_t alignment) noexcept override {
    // Whoever gets these addresses next finds them usable.
    Unpoison(slab, bytes);
    if (bytes >= kMapped) {
      EndLeakRoots(slab, Pages(bytes));
      return Unmap(slab, bytes);
    }
    ::operator delete(slab, std::align_val_t(alignment));
  }

 private:
  static std::size_t Page() noexcept {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return page;
  }
  static std::size_t Pages(std::size_t bytes) noexcept {
    return (bytes + Page() - 1) & ~(Page() - 1);
  }

  static void* Map(std::size_t bytes, std::size_t alignment) noexcept {
    // A mapping begins at a page: for more it is made larger, and what is over goes back.
    const std::size_t over = alignment > Page() ? alignment - Page() : 0;
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 4;
    if (bytes > kMost || over > kMost) return nullptr;
    const std::size_t wanted = Pages(bytes);
    void* const mapped =
        ::mmap(nullptr, wanted + over, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
    const std::uintptr_t slab = (begin + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
    if (slab > begin) Unmap(mapped, slab - begin);
    if (const std::size_t rest = begin + over - slab; rest > 0) {
      Unmap(reinterpret_cast<void*>(slab + wanted), rest);
    }
    BeginLeakRoots(reinterpret_cast<void*>(slab), wanted);
    return reinterpret_cast<void*>(slab);
  }

  static void Unmap(void* begin, std::size_t bytes) noexcept {
    // It fails where the process has as many mappings as it may, and this would make one more.
    if (::munmap(begin, Pages(bytes)) != 0) ::madvise(begin, Pages(bytes), MADV_DONTNEED);
  }
};

}  // namespace

SlabSource& SlabSource::System() noexcept {
  // No destructor: statics may give back after it.
  static constinit SystemSource source;
  return source;
}

}  // namespace ashlar
