// PlatformArray: an array whose memory comes from a Platform, so that checkers see it.
//
// As std::unique_ptr<T[]>, of a length that it knows. Elements are value-initialised.
// Thread safety: that of an array. Errors: the constructor throws std::bad_alloc.
#ifndef ASHLAR_CONCURRENCY_PLATFORM_ARRAY_H_
#define ASHLAR_CONCURRENCY_PLATFORM_ARRAY_H_

#include <cstddef>

#include "ashlar/concurrency/platform.h"

namespace ashlar {

template <class T, class Platform = StdPlatform>
class PlatformArray {
 public:
  explicit PlatformArray(std::size_t size)
      : size_(size), elements_(Platform::template CreateArray<T>(size)) {}
  ~PlatformArray() { Platform::DestroyArray(elements_, size_); }
  PlatformArray(const PlatformArray&) = delete;
  PlatformArray& operator=(const PlatformArray&) = delete;

  std::size_t size() const { return size_; }
  T& operator[](std::size_t index) const { return elements_[index]; }
  T* begin() const { return elements_; }
  T* end() const { return elements_ + size_; }

 private:
  const std::size_t size_;
  T* const elements_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_PLATFORM_ARRAY_H_
