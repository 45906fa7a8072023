// Churns a MemoryPool for a long time while it compacts itself, and beside it one that does not
// with the same calls, and prints how much of what is free was one block.
//
//   bazel run -c opt //memory:memory_pool_soak -- --seconds=5 > curve.csv
//
//   --seconds=N     [10]
//   --points=N      lines of output at most [200]
//   --strategy=S    first_fit, best_fit or tlsf [tlsf]
//
// Of 64 MiB now half, now nine tenths are in use, in blocks of 16 bytes to 4 KiB, and some of up to
// 512 KiB; eight blocks at a time are pinned. Each block holds a number at both of its ends, which
// is looked at when it is freed. At each line all invariants are checked. Columns: seconds, calls,
// the share of the region in use, the share of free memory that is one block with compaction and
// without, requests refused so far with and without, of the time that a Free takes with compaction
// the 99th and the 99.99th percentile since the last line (microseconds of processor time), and
// megabytes moved.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/memory/memory_pool.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kRegion = 64 << 20;
// For blocks; not all hold one.
constexpr std::uint32_t kPlaces = 40000;

class Random {
 public:
  std::uint32_t operator()(std::uint32_t below) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>((state_ >> 32) * below >> 32);
  }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

double ProcessorMicroseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// One of the two pools and what lives in it.
class Party {
 public:
  Party(MemoryPoolOptions::Strategy strategy, bool auto_defragment)
      : pool_(*MemoryPool::Create(kRegion,
                                  {.strategy = strategy, .auto_defragment = auto_defragment})),
        blocks_(kPlaces) {}

  // A block with this number, in the place of the one that was there.
  void Replace(std::size_t place, std::uint64_t number, std::uint64_t bytes) {
    Free(place);
    MemoryHandle& handle = blocks_[place].handle;
    handle = pool_.AllocateHandle(bytes);
    if (!handle) {
      ++refused_;
      return;
    }
    blocks_[place].number = number;
    const MemoryPool::Pinned pinned(pool_, handle);
    std::memcpy(pinned.data(), &number, sizeof number);
    std::memcpy(EndOf(pinned), &number, sizeof number);
  }

  void Free(std::size_t place) {
    if (!blocks_[place].handle) return;
    Unpin(place);
    {
      const MemoryPool::Pinned pinned(pool_, blocks_[place].handle);
      std::uint64_t first, last;
      std::memcpy(&first, pinned.data(), sizeof first);
      std::memcpy(&last, EndOf(pinned), sizeof last);
      ASHLAR_CHECK(first == blocks_[place].number && last == first, "contents have changed");
    }
    const double begin = ProcessorMicroseconds();
    pool_.Free(std::exchange(blocks_[place].handle, {}));
    times_.push_back(ProcessorMicroseconds() - begin);
  }

  void Pin(std::size_t place) {
    if (!blocks_[place].handle || blocks_[place].pinned) return;
    blocks_[place].pinned = true;
    blocks_[place].offset = pool_.PinOffset(blocks_[place].handle);
  }
  void Unpin(std::size_t place) {
    if (!std::exchange(blocks_[place].pinned, false)) return;
    ASHLAR_CHECK(pool_.OffsetOf(blocks_[place].handle) == blocks_[place].offset);
    pool_.Unpin(blocks_[place].handle);
  }

  MemoryPoolStatistics Check() const {
    pool_.CheckInvariants();
    return pool_.GetStatistics();
  }
  std::uint64_t refused() const { return refused_; }

  // How long calls of Free took.
  std::vector<double> TakeTimes() {
    std::sort(times_.begin(), times_.end());
    return std::exchange(times_, {});
  }

 private:
  struct Block {
    MemoryHandle handle;
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
    bool pinned = false;
  };

  static void* EndOf(const MemoryPool::Pinned& pinned) {
    return static_cast<std::byte*>(pinned.data()) + pinned.size() - sizeof(std::uint64_t);
  }

  MemoryPool pool_;
  std::vector<Block> blocks_;
  std::uint64_t refused_ = 0;
  std::vector<double> times_;
};

double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// Rises from a half to nine tenths and falls again, over a million calls.
std::uint64_t WantedBytes(std::uint64_t calls) {
  const std::uint64_t phase = calls % 1000000;
  const std::uint64_t thousandths = 500 + (phase < 500000 ? phase : 1000000 - phase) * 400 / 500000;
  return kRegion / 1000 * thousandths;
}

int Soak(double seconds, int points, MemoryPoolOptions::Strategy strategy) {
  Party compacting(strategy, true), as_it_is(strategy, false);
  Random random;
  std::vector<std::uint64_t> sizes(kPlaces);  // of the block in each place
  std::uint32_t pinned_places[8] = {};
  std::uint64_t used = 0, calls = 0;
  const auto both = [&](auto call) {
    call(compacting);
    call(as_it_is);
  };
  std::printf(
      "seconds,calls,in use,with compaction,without,refused with,refused without,p99 us,p99.99 us,"
      "MB moved\n");
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  double next = 0;
  for (double now = 0; now < seconds;) {
    for (int i = 0; i < 1000; ++i, ++calls) {
      const bool large = random(2000) == 0;
      const std::uint64_t bytes = 16 + random(large ? 512 << 10 : 4080);
      if (used + bytes > WantedBytes(calls)) {
        const std::size_t place = random(kPlaces);
        used -= std::exchange(sizes[place], 0);
        both([&](Party& party) { party.Free(place); });
        continue;
      }
      const std::size_t place = random(kPlaces);
      used += bytes - std::exchange(sizes[place], bytes);
      both([&](Party& party) { party.Replace(place, calls, bytes); });
      if (i % 100 == 0) {
        // Pinned for 800 calls.
        std::uint32_t& pinned = pinned_places[calls / 100 % 8];
        both([&](Party& party) { party.Unpin(pinned); });
        pinned = random(kPlaces);
        both([&](Party& party) { party.Pin(pinned); });
      }
    }
    now = std::chrono::duration<double>(Clock::now() - begin).count();
    if (now < next && now < seconds) continue;
    next += seconds / points;
    const MemoryPoolStatistics with = compacting.Check(), without = as_it_is.Check();
    const std::vector<double> times = compacting.TakeTimes();
    as_it_is.TakeTimes();
    std::printf("%.2f,%llu,%.4f,%.4f,%.4f,%llu,%llu,%.1f,%.1f,%.1f\n", now,
                static_cast<unsigned long long>(calls),
                static_cast<double>(with.used) / static_cast<double>(with.capacity),
                1 - with.fragmentation(), 1 - without.fragmentation(),
                static_cast<unsigned long long>(compacting.refused()),
                static_cast<unsigned long long>(as_it_is.refused()), Percentile(times, 0.99),
                Percentile(times, 0.9999), static_cast<double>(with.bytes_moved) / 1e6);
    std::fflush(stdout);
  }
  both([&](Party& party) {
    for (std::size_t place = 0; place < sizes.size(); ++place) party.Free(place);
    const MemoryPoolStatistics statistics = party.Check();
    ASHLAR_CHECK(statistics.free_blocks == 1 && statistics.used == 0);
  });
  return 0;
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  using Strategy = ashlar::MemoryPoolOptions::Strategy;
  double seconds = 10;
  int points = 200;
  Strategy strategy = Strategy::kTlsf;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--seconds=")) {
      seconds = std::atof(argv[i] + 10);
    } else if (argument.starts_with("--points=")) {
      points = std::atoi(argv[i] + 9);
    } else if (argument == "--strategy=first_fit") {
      strategy = Strategy::kFirstFit;
    } else if (argument == "--strategy=best_fit") {
      strategy = Strategy::kBestFit;
    } else if (argument != "--strategy=tlsf") {
      std::fprintf(stderr, "memory_pool_soak: no such option: %s\n", argv[i]);
      return 2;
    }
  }
  return ashlar::Soak(seconds, points > 0 ? points : 1, strategy);
}
