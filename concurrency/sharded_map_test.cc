#include "ashlar/concurrency/sharded_map.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Map = ShardedMap<int, int>;

TEST(ShardedMapTest, FindsWhatWasInserted) {
  Map map;
  EXPECT_EQ(map.Get(1), std::nullopt);
  EXPECT_TRUE(map.TryEmplace(1, 10));
  EXPECT_FALSE(map.TryEmplace(1, 11));
  EXPECT_EQ(map.Get(1), 10);
  EXPECT_TRUE(map.Contains(1));
  EXPECT_FALSE(map.Contains(2));
  EXPECT_EQ(map.SizeApprox(), 1u);
}

TEST(ShardedMapTest, AssignsOrVisitsWhatIsThere) {
  Map map;
  EXPECT_TRUE(map.InsertOrAssign(1, 10));
  EXPECT_FALSE(map.InsertOrAssign(1, 11));
  EXPECT_EQ(map.Get(1), 11);
  const auto increment = [](const int&, int& value) { ++value; };
  EXPECT_TRUE(map.InsertOrVisit(2, 20, increment));
  EXPECT_EQ(map.Get(2), 20);
  EXPECT_FALSE(map.InsertOrVisit(2, 0, increment));
  EXPECT_TRUE(map.Visit(2, increment));
  EXPECT_FALSE(map.Visit(3, increment));
  EXPECT_EQ(map.Get(2), 22);
}

TEST(ShardedMapTest, ErasesByKeyAndByCondition) {
  Map map(4);
  for (int i = 0; i < 100; ++i) map.TryEmplace(i, i);
  EXPECT_TRUE(map.Erase(7));
  EXPECT_FALSE(map.Erase(7));
  const auto is_odd = [](const int&, int& value) { return value % 2 != 0; };
  EXPECT_FALSE(map.EraseIf(8, is_odd));
  EXPECT_TRUE(map.EraseIf(9, is_odd));
  EXPECT_EQ(map.Extract(11), 11);
  EXPECT_EQ(map.Extract(11), std::nullopt);
  EXPECT_EQ(map.EraseIf(is_odd), 47u);
  EXPECT_EQ(map.SizeApprox(), 50u);
  map.Clear();
  EXPECT_EQ(map.SizeApprox(), 0u);
  EXPECT_FALSE(map.Contains(8));
  EXPECT_TRUE(map.TryEmplace(8, 8));
}

TEST(ShardedMapTest, VisitsEachElementOnce) {
  Map map(8);
  for (int i = 0; i < 1000; ++i) map.TryEmplace(i, 0);
  map.VisitAll([](const int& key, int& value) { value = key; });
  const Map& constant = map;
  std::set<int> seen;
  constant.VisitAll([&](const int& key, const int& value) {
    EXPECT_EQ(key, value);
    EXPECT_TRUE(seen.insert(key).second);
  });
  EXPECT_EQ(seen.size(), 1000u);

  std::size_t visited = 0;
  for (std::size_t shard = 0; shard < map.ShardCount(); ++shard) {
    constant.VisitShard(shard, [&](const int&, const int&) { ++visited; });
  }
  EXPECT_EQ(visited, 1000u);
}

TEST(ShardedMapTest, ShardsAreAPowerOfTwo) {
  EXPECT_EQ(Map().ShardCount(), Map::kDefaultShards);
  EXPECT_EQ(Map(0).ShardCount(), 1u);
  EXPECT_EQ(Map(1).ShardCount(), 1u);
  EXPECT_EQ(Map(33).ShardCount(), 64u);
}

TEST(ShardedMapTest, AbsurdNumbersAreRefused) {
  EXPECT_EQ(Map(Map::kMostShards).ShardCount(), Map::kMostShards);
  EXPECT_DEATH(Map(Map::kMostShards + 1), "at most 65536 shards");
  EXPECT_DEATH(Map(4).VisitShard(4, [](int, int) {}), "no shard of that index");

  for (const std::size_t shards : {1, 64}) {
    Map map(shards);
    for (int i = 0; i < 100; ++i) map.TryEmplace(i, i);
    for (const int shift : {0, 1, 2}) {
      EXPECT_THROW(map.Reserve(std::numeric_limits<std::size_t>::max() >> shift), std::bad_alloc);
    }
    for (int i = 0; i < 100; ++i) EXPECT_EQ(map.Get(i), i);
  }
}

TEST(ShardedMapTest, StringsAreLookedUpByWhatIsLikeThem) {
  ShardedMap<std::string, std::string> map;
  EXPECT_TRUE(map.TryEmplace("ann", "a"));
  EXPECT_TRUE(map.TryEmplace(std::string_view("bob"), 3, 'b'));
  EXPECT_EQ(map.Get("ann"), "a");
  EXPECT_EQ(map.Get(std::string_view("bob")), "bbb");
  EXPECT_EQ(map.Get(std::string("bob")), "bbb");
  EXPECT_TRUE(map.Visit("bob", [](const std::string&, std::string& value) { value += "!"; }));
  EXPECT_EQ(map.Extract(std::string_view("bob")), "bbb!");
  EXPECT_TRUE(map.Erase("ann"));
}

TEST(ShardedMapTest, FailedInsertionLeavesItsArguments) {
  ShardedMap<std::string, std::unique_ptr<int>> map;
  EXPECT_TRUE(map.TryEmplace("key", std::make_unique<int>(1)));
  std::string key = "key";
  auto value = std::make_unique<int>(2);
  EXPECT_FALSE(map.TryEmplace(std::move(key), std::move(value)));
  EXPECT_EQ(key, "key");
  ASSERT_NE(value, nullptr);
  EXPECT_FALSE(map.InsertOrAssign(std::move(key), std::move(value)));
  EXPECT_EQ(value, nullptr);
  EXPECT_EQ(*map.Extract("key").value(), 2);
}

TEST(ShardedMapTest, MoveOnlyAndImmovable) {
  ShardedMap<int, std::unique_ptr<int>> owners(1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(owners.TryEmplace(i, std::make_unique<int>(i)));
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(
        owners.Visit(i, [i](int, const std::unique_ptr<int>& value) { EXPECT_EQ(*value, i); }));
  }
  ShardedMap<int, std::atomic<int>> counters(1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(counters.TryEmplace(i, i));
  std::atomic<int>* first = nullptr;
  counters.Visit(0, [&](int, std::atomic<int>& counter) { first = &counter; });
  for (int i = 100; i < 200; ++i) counters.TryEmplace(i, i);
  counters.Visit(0, [&](int, std::atomic<int>& counter) { EXPECT_EQ(first, &counter); });
}

TEST(ShardedMapTest, OverAlignedValues) {
  struct alignas(128) Wide {
    explicit Wide(int n) : number(n) {}
    int number;
  };
  ShardedMap<int, Wide> map(2);
  for (int i = 0; i < 50; ++i) map.TryEmplace(i, i);
  map.VisitAll([](int key, Wide& wide) {
    EXPECT_EQ(wide.number, key);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&wide) % 128, 0u);
  });
}

TEST(ShardedMapTest, DestroysWhatIsLeft) {
  const auto value = std::make_shared<int>();
  {
    ShardedMap<int, std::shared_ptr<int>> map(4);
    for (int i = 0; i < 100; ++i) map.TryEmplace(i, value);
    EXPECT_EQ(value.use_count(), 101);
    map.Erase(0);
    EXPECT_EQ(value.use_count(), 100);
    map.EraseIf([](int key, const auto&) { return key < 50; });
    EXPECT_EQ(value.use_count(), 51);
    map.InsertOrAssign(60, nullptr);
    EXPECT_EQ(value.use_count(), 50);
  }
  EXPECT_EQ(value.use_count(), 1);
}

// ---- The hash.

// Shard and place within it must not be chosen by the same bits: then each shard would use a part
// of its table only, and look-ups would pass over group after group.
template <class Keys>
void ExpectEvenSpread(Keys key_of, const char* what) {
  constexpr std::size_t kKeys = 20000;
  for (const std::size_t shards : {1, 64}) {
    ShardedMap<std::uint64_t, int> map(shards);
    for (std::uint64_t i = 0; i < kKeys; ++i) map.TryEmplace(key_of(i), 0);
    const auto spread = map.MeasureSpread();
    EXPECT_EQ(spread.size, kKeys) << what;
    const double mean = static_cast<double>(kKeys) / static_cast<double>(shards);
    EXPECT_LT(static_cast<double>(spread.largest_shard), 1.5 * mean + 30) << what;
    EXPECT_LT(spread.detours, kKeys / 4) << what << ", shards: " << shards;
  }
}

TEST(ShardedMapTest, KeysOfAnyKindAreSpreadEvenly) {
  ExpectEvenSpread([](std::uint64_t i) { return i; }, "numbers");
  ExpectEvenSpread([](std::uint64_t i) { return 64 * i; }, "addresses");
  ExpectEvenSpread([](std::uint64_t i) { return i << 20; }, "megabytes");
  ExpectEvenSpread([](std::uint64_t i) { return i << 32; }, "upper halves");
  ExpectEvenSpread([](std::uint64_t i) { return i << 47; }, "the upper bits");
  ExpectEvenSpread([](std::uint64_t i) { return (i / 300) << 32 | (i % 300); }, "pairs");
  std::mt19937_64 random(1);
  ExpectEvenSpread([&](std::uint64_t) { return random(); }, "random ones");
}

// And the test can tell: what it would have seen.
TEST(ShardedMapTest, DetoursShowABadHash) {
  struct Bad {
    std::size_t operator()(std::uint64_t key) const noexcept { return key % 64; }
  };
  ShardedMap<std::uint64_t, int, Bad> map(64);
  for (std::uint64_t i = 0; i < 5000; ++i) map.TryEmplace(i, 0);
  EXPECT_GT(map.MeasureSpread().detours, 5000u);
  for (std::uint64_t i = 0; i < 5000; ++i) EXPECT_TRUE(map.Contains(i));
}

TEST(ShardedMapTest, ReserveLeavesLittleToGrow) {
  int hashes = 0;
  struct Counting {
    int* hashes;
    std::size_t operator()(int key) const { return ++*hashes, static_cast<std::size_t>(key); }
  };
  ShardedMap<int, int, Counting> map(64, Counting{&hashes});
  map.Reserve(100000);
  EXPECT_EQ(hashes, 0);
  for (int i = 0; i < 100000; ++i) map.TryEmplace(i, i);
  EXPECT_EQ(hashes, 100000);  // growth would have asked again
}

// ---- What throws. Nothing is lost, and the shard is unlocked: else the next call would not
// return.

struct Mood {
  int alive = 0;
  int throw_after = -1;  // so many moves, copies, hashes and comparisons
  void MayThrow() {
    if (throw_after >= 0 && throw_after-- == 0) throw std::runtime_error("out of luck");
  }
};
Mood mood;

struct Moody {
  explicit Moody(int n) : number(n) {
    mood.MayThrow();
    ++mood.alive;
  }
  Moody(const Moody& other) : number(other.number) {
    mood.MayThrow();
    ++mood.alive;
  }
  ~Moody() { --mood.alive; }
  int number;
};
struct MoodyHash {
  std::size_t operator()(const Moody& key) const {
    mood.MayThrow();
    return static_cast<std::size_t>(key.number);
  }
};
struct MoodyEqual {
  bool operator()(const Moody& a, const Moody& b) const {
    mood.MayThrow();
    return a.number == b.number;
  }
};

TEST(ShardedMapTest, WhatThrowsChangesNothing) {
  mood = Mood();
  {
    ShardedMap<Moody, Moody, MoodyHash, MoodyEqual> map(1);
    int size = 0;
    const auto all_are_there = [&] {
      for (int i = 0; i < size; ++i) {
        bool there = false;
        map.Visit(Moody(i), [&](const Moody& key, const Moody& value) {
          there = key.number == i && value.number == -i;
        });
        if (!there) return false;
      }
      return map.SizeApprox() == static_cast<std::size_t>(size);
    };
    // Each insertion at first fails in every place where it can, also when the table grows.
    for (; size < 60; ++size) {
      const Moody key(size);
      const Moody value(-size);
      for (int place = 0;; ++place) {
        mood.throw_after = place;
        bool thrown = false;
        try {
          EXPECT_TRUE(map.TryEmplace(key, value));
        } catch (const std::runtime_error&) {
          thrown = true;
        }
        mood.throw_after = -1;
        if (!thrown) break;
        ASSERT_TRUE(all_are_there()) << size << ", " << place;
      }
    }
    EXPECT_TRUE(all_are_there());
    EXPECT_EQ(mood.alive, 2 * size);

    for (int place = 0; place < 2; ++place) {
      mood.throw_after = place;
      const auto erase = [&] { map.Erase(Moody(5)); };
      EXPECT_THROW(erase(), std::runtime_error);
      EXPECT_TRUE(all_are_there());
    }
  }
  EXPECT_EQ(mood.alive, 0);
}

TEST(ShardedMapTest, VisitorsMayThrow) {
  Map map(1);
  for (int i = 0; i < 10; ++i) map.TryEmplace(i, i);
  const auto throws = [](int, int&) -> bool { throw std::runtime_error("enough"); };
  EXPECT_THROW(map.Visit(1, throws), std::runtime_error);
  EXPECT_THROW(map.VisitAll(throws), std::runtime_error);
  EXPECT_THROW(map.InsertOrVisit(1, 1, throws), std::runtime_error);
  EXPECT_THROW(map.EraseIf(1, throws), std::runtime_error);
  int left = 5;
  EXPECT_THROW(
      map.EraseIf([&](int key, int& value) { return left-- == 0 ? throws(key, value) : true; }),
      std::runtime_error);
  EXPECT_EQ(map.SizeApprox(), 5u);  // those before are erased
  int size = 0;
  map.VisitAll([&](int, int) { ++size; });
  EXPECT_EQ(size, 5);
}

// ---- Long sequences.

// The same random calls on the map and on a std::unordered_map.
template <class TestedMap>
void CompareWithModel(TestedMap& map, unsigned seed, int keys) {
  std::mt19937 random(seed);
  std::unordered_map<int, int> model;
  const auto from_model = [&](int key) {
    const auto found = model.find(key);
    return found == model.end() ? std::nullopt : std::optional(found->second);
  };
  for (int i = 0; i < 8000; ++i) {
    const int key = static_cast<int>(random() % static_cast<unsigned>(keys));
    // Phases in which the map grows, and others.
    const bool grow = i / 2000 % 2 == 0;
    switch (random() % (grow ? 7 : 10)) {
      case 0:
      case 1:
        ASSERT_EQ(map.TryEmplace(key, i), model.try_emplace(key, i).second);
        break;
      case 2:
        ASSERT_EQ(map.InsertOrAssign(key, i), model.insert_or_assign(key, i).second);
        break;
      case 3: {
        const bool there = model.contains(key);
        ASSERT_EQ(map.InsertOrVisit(key, i, [](int, int& value) { ++value; }), !there);
        if (there) {
          ++model[key];
        } else {
          model[key] = i;
        }
        break;
      }
      case 4:
        ASSERT_EQ(map.Get(key), from_model(key));
        break;
      case 5:
        ASSERT_EQ(map.Visit(key, [](int, int& value) { value += 3; }), model.contains(key));
        if (model.contains(key)) model[key] += 3;
        break;
      case 6:
        if (random() % 500 == 0) {
          const auto some = [](int, int value) { return value % 3 == 0; };
          ASSERT_EQ(map.EraseIf(some),
                    std::erase_if(model, [&](auto& e) { return some(e.first, e.second); }));
        }
        break;
      case 7: {
        ASSERT_EQ(map.Extract(key), from_model(key));
        model.erase(key);
        break;
      }
      default:
        ASSERT_EQ(map.Erase(key), model.erase(key) > 0);
    }
    if (i % 32 == 0) {
      ASSERT_EQ(map.SizeApprox(), model.size());
    }
  }
  map.VisitAll([&](int key, int value) {
    EXPECT_EQ(value, from_model(key));
    model.erase(key);
  });
  EXPECT_TRUE(model.empty());
}

TEST(ShardedMapTest, DoesAsTheStandardsMap) {
  for (const std::size_t shards : {1, 4, 64}) {
    for (const int keys : {10, 500, 5000}) {
      Map map(shards);
      CompareWithModel(map, static_cast<unsigned>(keys), keys);
    }
  }
  struct Coarse {
    std::size_t operator()(int key) const noexcept { return static_cast<std::size_t>(key % 3); }
  };
  ShardedMap<int, int, Coarse> map(2);
  CompareWithModel(map, 1, 300);
}

// ---- Several threads.

TEST(ShardedMapStressTest, NoIncrementIsLost) {
  constexpr int kThreads = 8;
  constexpr int kTimes = 5000;
  constexpr int kKeys = 50;
  ShardedMap<int, int> map(4);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kTimes; ++i) {
        map.InsertOrVisit((i + thread) % kKeys, 1, [](int, int& count) { ++count; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int sum = 0;
  map.VisitAll([&](int, int count) { sum += count; });
  EXPECT_EQ(sum, kThreads * kTimes);
}

// While the shards grow, what is there is found, and what is visited is seen once.
TEST(ShardedMapStressTest, NothingIsLostWhileItGrows) {
  constexpr int kWriters = 2;
  constexpr int kEach = 10000;
  ShardedMap<int, std::unique_ptr<int>> map(4);
  for (int key = -100; key < 0; ++key) map.TryEmplace(key, std::make_unique<int>(key));
  const auto is_temporary = [](int key) { return key >= 0 && key % 64 == 2; };
  std::atomic<int> writing{kWriters};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < kEach; ++i) {
        const int key = kWriters * i + writer;
        EXPECT_TRUE(map.TryEmplace(key, std::make_unique<int>(key)));
        EXPECT_TRUE(is_temporary(key) || map.Contains(key));
        if (i % 2 == 0) {
          EXPECT_EQ(**map.Extract(key), key);
        }
      }
      --writing;
    });
  }
  threads.emplace_back([&] {
    while (writing > 0) {
      std::vector<int> seen(100);
      map.VisitAll([&](int key, const std::unique_ptr<int>& value) {
        EXPECT_EQ(*value, key);
        if (key < 0) ++seen[static_cast<std::size_t>(-key - 1)];
      });
      EXPECT_EQ(seen, std::vector<int>(100, 1));
      map.EraseIf([&](int key, const auto&) { return is_temporary(key); });
    }
  });
  for (std::thread& thread : threads) thread.join();
  map.EraseIf([&](int key, const auto&) { return is_temporary(key); });
  int left = 0;
  map.VisitAll([&](int key, const auto&) { left += key >= 0; });
  int expected = 0;
  for (int key = 0; key < kWriters * kEach; ++key) {
    expected += key / kWriters % 2 == 1 && !is_temporary(key);
  }
  EXPECT_EQ(left, expected);
}

}  // namespace
}  // namespace ashlar
