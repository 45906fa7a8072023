#include "ashlar/memory/object_pool.h"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

struct Point {
  int x;
  int y;
};

TEST(ObjectPoolTest, ObjectsAreMadeAndDestroyed) {
  ObjectPool<std::shared_ptr<int>> pool;
  const auto shared = std::make_shared<int>(1);
  std::vector<std::shared_ptr<int>*> copies;
  for (int i = 0; i < 1000; ++i) copies.push_back(pool.Create(shared));
  EXPECT_EQ(shared.use_count(), 1001);
  for (auto* const copy : copies) pool.Destroy(copy);
  EXPECT_EQ(shared.use_count(), 1);
  pool.Destroy(nullptr);
}

TEST(ObjectPoolTest, AggregatesAndUniqueOwners) {
  ObjectPool<Point> pool;
  const ObjectPool<Point>::Unique point = pool.CreateUnique(3, 4);
  ASSERT_NE(point, nullptr);
  EXPECT_EQ(point->x, 3);
  EXPECT_EQ(point->y, 4);
}

TEST(ObjectPoolTest, AThrowingConstructorCostsNothing) {
  struct Thrower {
    explicit Thrower(bool throws) {
      if (throws) throw std::runtime_error("no");
    }
  };
  ObjectPool<Thrower> pool({.limit = 1});
  for (int i = 0; i < 10; ++i) EXPECT_THROW((void)pool.Create(true), std::runtime_error);
  Thrower* const object = pool.Create(false);
  EXPECT_NE(object, nullptr);
  EXPECT_EQ(pool.Create(false), nullptr);
  EXPECT_EQ(pool.CreateUnique(false), nullptr);
  pool.Destroy(object);
}

struct alignas(4096) Page {
  char bytes[4096];
};

TEST(ObjectPoolTest, ObjectsMayBeAlignedToAPage) {
  ObjectPool<Page> pool;
  Page* const one = pool.Create();
  Page* const other = pool.Create();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(one) % 4096, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(other) % 4096, 0u);
  pool.Destroy(one);
  pool.Destroy(other);
  EXPECT_GT(pool.Trim(), 0u);
  EXPECT_EQ(pool.ReservedBytes(), 0u);
}

TEST(ObjectPoolTest, OneThreadMakesAnotherDestroys) {
  ObjectPool<std::string> pool;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string*> names;
    for (int i = 0; i < 200; ++i) names.push_back(pool.Create(50, 'a'));
    std::thread([&] {
      for (std::string* const name : names) {
        EXPECT_EQ(name->size(), 50u);
        pool.Destroy(name);
      }
    }).join();
  }
  EXPECT_EQ(pool.ReservedBytes(), 65536u);
}

}  // namespace
}  // namespace ashlar
