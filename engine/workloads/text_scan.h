// text_scan.h
// -----------
// ScanBlock: where the white space and the newlines of 64 bytes are, as bits.
//
// White space is what C's isspace is in the C locale and Python's bytes.split takes:
// space, \t, \n, \v, \f, \r. Bit i stands for byte i.
//
// Cost: about 20 instructions on x86-64 (SSE2, always there), 64 steps elsewhere, which
// compilers turn into vector code.
#ifndef ASHLAR_ENGINE_WORKLOADS_TEXT_SCAN_H_
#define ASHLAR_ENGINE_WORKLOADS_TEXT_SCAN_H_

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ashlar {

inline constexpr int kScanBlock = 64;

struct ScannedBlock {
  uint64_t spaces = 0;
  uint64_t newlines = 0;
};

constexpr bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// `text` has 64 readable bytes.
inline ScannedBlock ScanBlock(const char* text) {
  ScannedBlock block;
#if defined(__SSE2__)
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * part));
    // \t to \r are 0 to 4 once \t is taken off; as unsigned, everything else is larger.
    const __m128i offset = _mm_sub_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(4)), offset);
    const __m128i spaces = _mm_or_si128(controls, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')));
    const __m128i newlines = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
    const auto bits = [](__m128i mask) {
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(mask)));
    };
    block.spaces |= bits(spaces) << (16 * part);
    block.newlines |= bits(newlines) << (16 * part);
  }
#else
  for (int i = 0; i < kScanBlock; ++i) {
    block.spaces |= uint64_t{IsAsciiSpace(text[i])} << i;
    block.newlines |= uint64_t{text[i] == '\n'} << i;
  }
#endif
  return block;
}

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_TEXT_SCAN_H_
