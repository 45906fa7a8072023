// Text cut into pieces has the words of the whole. The first bytes of the input say where
// it is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/engine/workloads/text_scan.h"
#include "ashlar/engine/workloads/word_counter.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ashlar;
  const size_t cuts = size == 0 ? 0 : std::min<size_t>(data[0] % 8, size - 1);
  const uint8_t* cut = data + 1;
  const char* text = reinterpret_cast<const char*>(data) + (size == 0 ? 0 : 1 + cuts);
  size_t rest = size == 0 ? 0 : size - 1 - cuts;

  int64_t lines = 0, words = 0;
  for (size_t i = 0; i < rest; ++i) {
    lines += text[i] == '\n';
    words += !IsAsciiSpace(text[i]) && (i + 1 == rest || IsAsciiSpace(text[i + 1]));
  }
  const auto bytes = static_cast<int64_t>(rest);

  WordCounter counter(1 << 20);
  TextEnds ends;
  for (size_t i = 0; i <= cuts; ++i) {
    const size_t piece = i == cuts ? rest : std::min<size_t>(rest, cut[i] * 16u);
    std::vector<char> buffer(text, text + piece);
    buffer.resize(piece + WordCounter::kPadding);
    counter.Feed(buffer.data(), piece);
    ends = JoinEnds(std::move(ends), counter.EndPiece(), counter);
    text += piece;
    rest -= piece;
  }
  CloseEnds(ends, counter);
  ASHLAR_CHECK(counter.totals().bytes == bytes);
  ASHLAR_CHECK(counter.totals().lines == lines);
  ASHLAR_CHECK(counter.totals().words == words);
  int64_t in_table = 0;
  counter.table().ForEach([&](std::string_view, int64_t count) { in_table += count; });
  ASHLAR_CHECK(in_table + counter.totals().long_words == words);
  return 0;
}
