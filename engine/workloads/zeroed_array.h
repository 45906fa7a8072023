// zeroed_array.h
// --------------
// ZeroedArray<T>: a fixed number of zeroed elements, on huge pages where it is large.
//
// For tables that are hit at random: on 4 KiB pages a table of some megabytes misses the
// TLB at every access. Pages that are never touched cost nothing. T is trivial, and all
// its bits zero is its empty value.
//
// Thread safety: as a std::vector that keeps its size. Errors: std::bad_alloc.
#ifndef ASHLAR_ENGINE_WORKLOADS_ZEROED_ARRAY_H_
#define ASHLAR_ENGINE_WORKLOADS_ZEROED_ARRAY_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

namespace ashlar {

template <class T>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  explicit ZeroedArray(std::size_t size) : size_(size) {
    if (size > SIZE_MAX / 2 / sizeof(T)) throw std::bad_alloc();
    // Huge pages start at multiples of their size: room for one more, to align.
    const bool huge = size * sizeof(T) >= kHugePage;
    mapped_ = size * sizeof(T) + (huge ? kHugePage : 0);
    map_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map_ == MAP_FAILED) throw std::bad_alloc();
    auto address = reinterpret_cast<uintptr_t>(map_);
    if (huge) {
      address = (address + kHugePage - 1) & ~(kHugePage - 1);
      // A wish: where the kernel refuses, small pages do.
      madvise(reinterpret_cast<void*>(address), size * sizeof(T), MADV_HUGEPAGE);
    }
    data_ = reinterpret_cast<T*>(address);
  }
  ~ZeroedArray() {
    if (map_ != nullptr) munmap(map_, mapped_);
  }
  ZeroedArray(const ZeroedArray&) = delete;
  ZeroedArray& operator=(const ZeroedArray&) = delete;

  void swap(ZeroedArray& other) noexcept {
    std::swap(map_, other.map_);
    std::swap(mapped_, other.mapped_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  static constexpr uintptr_t kHugePage = uintptr_t{2} << 20;

  void* map_ = nullptr;
  std::size_t mapped_ = 0;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_ZEROED_ARRAY_H_
