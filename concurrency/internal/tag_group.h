// TagGroup: what a FlatTable knows about 14 of its slots without looking at them: 16 bytes that
// are compared with a tag at once.
#ifndef ASHLAR_CONCURRENCY_INTERNAL_TAG_GROUP_H_
#define ASHLAR_CONCURRENCY_INTERNAL_TAG_GROUP_H_

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ashlar::internal {

struct alignas(16) TagGroup {
  static constexpr unsigned kSlots = 14;
  static constexpr unsigned kEmpty = 0;
  static constexpr unsigned kManyPassed = 255;

  // Eight bits of each slot's hash, or kEmpty.
  std::uint8_t tags[kSlots];
  // How many elements lie in a later group because this one was full: those of even tags, and
  // those of odd ones, so that half as many searches go on in vain. Once a number is kManyPassed
  // it stays so.
  std::uint8_t passed[2];

  // The slots with that tag, a bit each.
  unsigned Match(unsigned tag) const noexcept {
#if defined(__SSE2__)
    const __m128i all = _mm_load_si128(reinterpret_cast<const __m128i*>(this));
    const __m128i same = _mm_cmpeq_epi8(all, _mm_set1_epi8(static_cast<char>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(same)) & kAllSlots;
#else
    unsigned match = 0;
    for (unsigned slot = 0; slot < kSlots; ++slot) match |= unsigned{tags[slot] == tag} << slot;
    return match;
#endif
  }
  unsigned MatchEmpty() const noexcept { return Match(kEmpty); }
  unsigned MatchFull() const noexcept { return Match(kEmpty) ^ kAllSlots; }

  // Of elements whose tag is as even as that.
  unsigned Passed(unsigned tag) const noexcept { return passed[tag % 2]; }
  void Pass(unsigned tag) noexcept {
    if (passed[tag % 2] != kManyPassed) ++passed[tag % 2];
  }
  void Unpass(unsigned tag) noexcept {
    if (passed[tag % 2] != kManyPassed) --passed[tag % 2];
  }

 private:
  static constexpr unsigned kAllSlots = (1u << kSlots) - 1;
};
static_assert(sizeof(TagGroup) == 16);

}  // namespace ashlar::internal

#endif  // ASHLAR_CONCURRENCY_INTERNAL_TAG_GROUP_H_
