// The rivals are oneTBB's concurrent_hash_map and a std::unordered_map under a std::mutex, and
// under a std::shared_mutex.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "ashlar/concurrency/sharded_map.h"
#include "benchmark/benchmark.h"
#include "oneapi/tbb/concurrent_hash_map.h"

namespace ashlar {
namespace {

using Key = std::uint64_t;
using Value = std::uint64_t;

class Ashlar {
 public:
  std::optional<Value> Get(Key key) const { return map_.Get(key); }
  bool Insert(Key key, Value value) { return map_.TryEmplace(key, value); }
  bool Erase(Key key) { return map_.Erase(key); }

 private:
  ShardedMap<Key, Value> map_;
};

class Tbb {
  using Map = tbb::concurrent_hash_map<Key, Value>;

 public:
  std::optional<Value> Get(Key key) const {
    Map::const_accessor accessor;
    if (!map_.find(accessor, key)) return std::nullopt;
    return accessor->second;
  }
  bool Insert(Key key, Value value) { return map_.insert({key, value}); }
  bool Erase(Key key) { return map_.erase(key); }

 private:
  Map map_;
};

template <class AnyMutex, template <class> class ReadLock>
class Locked {
 public:
  std::optional<Value> Get(Key key) const {
    const ReadLock<AnyMutex> lock(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return std::nullopt;
    return found->second;
  }
  bool Insert(Key key, Value value) {
    const std::lock_guard lock(mutex_);
    return map_.emplace(key, value).second;
  }
  bool Erase(Key key) {
    const std::lock_guard lock(mutex_);
    return map_.erase(key) > 0;
  }

 private:
  mutable AnyMutex mutex_;
  std::unordered_map<Key, Value> map_;
};
using Mutex = Locked<std::mutex, std::unique_lock>;
using SharedMutex = Locked<std::shared_mutex, std::shared_lock>;

// Numbers that look random, all different.
Key KeyOf(std::uint64_t number) {
  Key key = number + 0x9e3779b97f4a7c15;
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
  key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
  return key ^ (key >> 31);
}

// In an order that has nothing to do with that of insertion.
std::vector<Key> Shuffled(std::size_t size, std::uint64_t from) {
  std::vector<Key> keys(size);
  for (std::size_t i = 0; i < size; ++i) keys[i] = KeyOf(from + i);
  for (std::size_t i = size; i > 1; --i) std::swap(keys[i - 1], keys[KeyOf(i) % i]);
  return keys;
}

template <class Map>
std::unique_ptr<Map> Filled(std::size_t size) {
  auto map = std::make_unique<Map>();
  for (std::size_t i = 0; i < size; ++i) map->Insert(KeyOf(i), i);
  return map;
}

// Through the keys again and again.
class Cycle {
 public:
  explicit Cycle(const std::vector<Key>& keys) : keys_(keys) {}
  Key Next() {
    if (next_ == keys_.size()) next_ = 0;
    return keys_[next_++];
  }

 private:
  const std::vector<Key>& keys_;
  std::size_t next_ = 0;
};

// Items are look-ups of keys that are there,
template <class Map>
void GetHit(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto map = Filled<Map>(size);
  const std::vector<Key> keys = Shuffled(size, 0);
  Cycle cycle(keys);
  std::uint64_t found = 0;
  for (auto _ : state) found += map->Get(cycle.Next()).has_value();
  if (found != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("was lost");
  state.SetItemsProcessed(state.iterations());
}

// and of keys that are not.
template <class Map>
void GetMiss(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto map = Filled<Map>(size);
  const std::vector<Key> keys = Shuffled(size, size);
  Cycle cycle(keys);
  std::uint64_t found = 0;
  for (auto _ : state) found += map->Get(cycle.Next()).has_value();
  if (found != 0) state.SkipWithError("was not inserted");
  state.SetItemsProcessed(state.iterations());
}

// Items are pairs of an insertion of a key that is not there, and its erasure.
template <class Map>
void InsertErase(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto map = Filled<Map>(size);
  const std::vector<Key> keys = Shuffled(size, size);
  Cycle cycle(keys);
  std::uint64_t done = 0;
  for (auto _ : state) {
    const Key key = cycle.Next();
    done += map->Insert(key, key);
    done += map->Erase(key);
  }
  if (done != 2 * static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("was lost");
  state.SetItemsProcessed(state.iterations());
}

// Items are calls by all threads together: of 20, 18 look up a key that is there, one inserts and
// one erases a key of the thread's own.
template <class Map>
void Mixed(benchmark::State& state) {
  static std::unique_ptr<Map> map;
  const auto size = static_cast<std::size_t>(state.range(0));
  if (state.thread_index() == 0) map = Filled<Map>(size);
  const auto thread = static_cast<std::uint64_t>(state.thread_index());
  const std::vector<Key> keys = Shuffled(size, 0);
  const std::vector<Key> own = Shuffled(size, (thread + 1) * size);
  Cycle cycle(keys);
  Cycle own_cycle(own);
  for (std::uint64_t i = 0; i < thread * size / 2; ++i) cycle.Next();
  std::uint64_t done = 0;
  while (state.KeepRunningBatch(20)) {
    const Key key = own_cycle.Next();
    done += map->Insert(key, key);
    for (int i = 0; i < 18; ++i) done += map->Get(cycle.Next()).has_value();
    done += map->Erase(key);
  }
  if (done != static_cast<std::uint64_t>(state.iterations())) state.SkipWithError("was lost");
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) map.reset();
}

void Size(benchmark::internal::Benchmark* benchmark) { benchmark->Arg(100000); }

#define ASHLAR_MAP_BENCHMARK(Map, name)                                         \
  BENCHMARK_TEMPLATE(GetHit, Map)->Name("GetHit/" name)->Apply(Size);           \
  BENCHMARK_TEMPLATE(GetMiss, Map)->Name("GetMiss/" name)->Apply(Size);         \
  BENCHMARK_TEMPLATE(InsertErase, Map)->Name("InsertErase/" name)->Apply(Size); \
  BENCHMARK_TEMPLATE(Mixed, Map)->Name("Mixed/" name)->Apply(Size)->Threads(2)->UseRealTime()

ASHLAR_MAP_BENCHMARK(Ashlar, "ashlar");
ASHLAR_MAP_BENCHMARK(Tbb, "tbb");
ASHLAR_MAP_BENCHMARK(Mutex, "mutex");
ASHLAR_MAP_BENCHMARK(SharedMutex, "shared_mutex");

}  // namespace
}  // namespace ashlar
