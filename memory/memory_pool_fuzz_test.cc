// Sequences of calls on a MemoryPool and on a list of ranges. Four bytes choose the pool, then each
// three are a call.
#include <cstddef>
#include <cstdint>

#include "ashlar/memory/memory_pool_driver_for_test.h"

namespace ashlar {
namespace {

// Longer inputs find nothing new and take longer.
constexpr std::size_t kMostBytes = 3000;

void Run(const std::uint8_t* data, std::size_t size) {
  MemoryPoolOptions options;
  options.strategy = static_cast<MemoryPoolOptions::Strategy>(data[0] % 3);
  const auto region = static_cast<MemoryPoolDriver::Region>(data[0] / 3 % 3);
  options.granularity = std::uint64_t{1} << data[0] / 9 % 9;
  options.overrun_guards = region != MemoryPoolDriver::Region::kOffsets && data[1] % 4 == 0;
  options.auto_defragment = data[1] / 4 % 2 == 0;
  options.compact_before_refusal = data[1] / 8 % 2 == 0;
  options.tolerated_fragmentation = data[1] / 16 / 15.0;
  options.auto_limits = {.visits = data[2] % 16u, .bytes = std::uint64_t{1} << data[2] / 16};
  options.max_allocations = data[2] % 8 == 0 ? 1 + data[3] / 8 : 0;
  MemoryPoolDriver driver(region, options.granularity * (1 + std::uint64_t{data[3]} * 4), options);
  for (std::size_t i = 4; i + 2 < size; i += 3) {
    const std::uint8_t what = data[i], one = data[i + 1], other = data[i + 2];
    if (what < 128) {
      // Up to 7 and a half times 2^15 bytes, aligned to up to a page.
      const std::uint64_t bytes = std::uint64_t{one} << other % 16 >> 4;
      driver.Allocate(bytes, std::uint64_t{1} << (what % 16 < 13 ? what % 16 : 0), other / 16 % 4);
    } else if (what < 190) {
      driver.Free(one);
    } else if (what < 206) {
      driver.Pin(one);
    } else if (what < 222) {
      driver.Unpin(one);
    } else {
      driver.Defragment({.visits = one, .bytes = std::uint64_t{other} * 16});
    }
    driver.Check();
  }
  driver.CheckAll();
  driver.FreeAll();
  driver.Check();
}

}  // namespace
}  // namespace ashlar

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  ashlar::Run(data, size < ashlar::kMostBytes ? size : ashlar::kMostBytes);
  return 0;
}
