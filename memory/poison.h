// poison.h
// --------
// Poison(p, n), Unpoison(p, n): tells AddressSanitizer that nobody may touch these bytes now, or
// that somebody may again. Nothing, and free, in other builds.
//
//   Poison(block, bytes);    // freed: whoever looks at it is reported, with stacks
//   Unpoison(block, bytes);  // handed out
//
// For allocators, whose free memory is the process's all the same. AddressSanitizer knows 8 bytes
// at a time: of those, the first few may be usable and the rest not, but not the other way round.
#ifndef ASHLAR_MEMORY_POISON_H_
#define ASHLAR_MEMORY_POISON_H_

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define ASHLAR_INTERNAL_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASHLAR_INTERNAL_POISONS 1
#endif
#endif

#if defined(ASHLAR_INTERNAL_POISONS)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace ashlar {

#if defined(ASHLAR_INTERNAL_POISONS)

inline constexpr bool kPoisons = true;

inline void Poison(const volatile void* begin, std::size_t bytes) noexcept {
  __asan_poison_memory_region(begin, bytes);
}
inline void Unpoison(const volatile void* begin, std::size_t bytes) noexcept {
  __asan_unpoison_memory_region(begin, bytes);
}
inline bool IsPoisoned(const volatile void* byte) noexcept {
  return __asan_address_is_poisoned(byte) != 0;
}
inline void BeginLeakRoots(const void* begin, std::size_t bytes) noexcept {
  __lsan_register_root_region(begin, bytes);
}
inline void EndLeakRoots(const void* begin, std::size_t bytes) noexcept {
  __lsan_unregister_root_region(begin, bytes);
}

#else

// Whether it does something.
inline constexpr bool kPoisons = false;

inline void Poison(const volatile void*, std::size_t) noexcept {}
inline void Unpoison(const volatile void*, std::size_t) noexcept {}
// Of one byte, for tests. Never in other builds.
inline bool IsPoisoned(const volatile void*) noexcept { return false; }

// Between the two, what is only pointed to from a mapping of ours is no leak.
inline void BeginLeakRoots(const void*, std::size_t) noexcept {}
inline void EndLeakRoots(const void*, std::size_t) noexcept {}

#endif

}  // namespace ashlar

#undef ASHLAR_INTERNAL_POISONS

#endif  // ASHLAR_MEMORY_POISON_H_
