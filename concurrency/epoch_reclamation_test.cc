#include "ashlar/concurrency/epoch_reclamation.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Participant = EpochReclamation::Participant;

// Counts those that are alive.
struct Counted {
  explicit Counted(int& count) : alive(count) { ++alive; }
  ~Counted() { --alive; }
  int& alive;
};

TEST(EpochReclamationTest, WhatNobodyPinsIsFreedByTheSecondCollect) {
  int alive = 0;
  EpochReclamation epochs;
  Participant self(epochs);
  self.Retire(new Counted(alive));
  EXPECT_EQ(epochs.Garbage(), 1u);
  EXPECT_EQ(self.Collect(), 1u);
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(self.Collect(), 0u);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(epochs.Garbage(), 0u);
}

TEST(EpochReclamationTest, WhatIsPinnedStaysUntilTheOutermostPinEnds) {
  int alive = 0;
  EpochReclamation epochs;
  Participant reader(epochs);
  Participant writer(epochs);
  {
    const auto outer = reader.Pin();
    writer.Retire(new Counted(alive));
    { const auto inner = reader.Pin(); }
    EXPECT_TRUE(reader.IsPinned());
    for (int i = 0; i < 10; ++i) writer.Collect();
    EXPECT_EQ(alive, 1);
  }
  EXPECT_FALSE(reader.IsPinned());
  writer.Collect();
  writer.Collect();
  EXPECT_EQ(alive, 0);
}

TEST(EpochReclamationTest, OnesOwnPinCounts) {
  int alive = 0;
  EpochReclamation epochs;
  Participant self(epochs);
  {
    const auto pin = self.Pin();
    self.Retire(new Counted(alive));
    for (int i = 0; i < 10; ++i) self.Collect();
    EXPECT_EQ(alive, 1);
  }
  self.Collect();
  EXPECT_EQ(self.Collect(), 0u);
}

TEST(EpochReclamationTest, LaterPinsHoldUpNothing) {
  int alive = 0;
  EpochReclamation epochs;
  Participant reader(epochs);
  Participant writer(epochs);
  writer.Retire(new Counted(alive));
  for (int i = 0; i < 3; ++i) {
    const auto pin = reader.Pin();
    writer.Collect();
  }
  EXPECT_EQ(alive, 0);
}

TEST(EpochReclamationTest, DomainsKnowNothingOfEachOther) {
  int alive = 0;
  EpochReclamation other;
  Participant elsewhere(other);
  const auto pin = elsewhere.Pin();
  EpochReclamation epochs;
  Participant self(epochs);
  self.Retire(new Counted(alive));
  self.Collect();
  self.Collect();
  EXPECT_EQ(alive, 0);
}

TEST(EpochReclamationTest, NullIsNothing) {
  EpochReclamation epochs;
  Participant self(epochs);
  self.Retire(static_cast<int*>(nullptr));
  EXPECT_EQ(epochs.Garbage(), 0u);
}

TEST(EpochReclamationTest, ConstObjectsAndDeletersOfOnesOwn) {
  static int freed;
  freed = 0;
  EpochReclamation epochs;
  Participant self(epochs);
  self.Retire(static_cast<const int*>(new int(1)), [](const int* object) noexcept {
    ++freed;
    delete object;
  });
  self.Retire(static_cast<const int*>(new int(2)));
  self.Collect();
  self.Collect();
  EXPECT_EQ(freed, 1);
}

// ---- Garbage has a bound, and can be seen.

TEST(EpochReclamationTest, WithoutLongPinsAParticipantHoldsAtMostFourBatches) {
  for (const std::size_t batch : {1, 3, 128}) {
    EpochReclamation epochs({.batch = batch});
    Participant self(epochs);
    std::size_t most = 0;
    for (int i = 0; i < 10000; ++i) {
      self.Retire(new int(i));
      most = std::max(most, epochs.Garbage());
    }
    EXPECT_LE(most, 4 * batch);
    EXPECT_GE(most, batch);
  }
}

TEST(EpochReclamationTest, WhatPiledUpBehindAPinIsWorkedOffTwoBatchesAtATime) {
  EpochReclamation epochs({.batch = 10});
  Participant reader(epochs);
  Participant writer(epochs);
  {
    const auto pin = reader.Pin();
    for (int i = 0; i < 1000; ++i) writer.Retire(new int(i));
    EXPECT_EQ(epochs.Garbage(), 1000u);
  }
  std::size_t before = epochs.Garbage();
  for (int i = 0; i < 2000; ++i) {
    writer.Retire(new int(i));
    const std::size_t now = epochs.Garbage();
    EXPECT_LE(now, before + 1);
    EXPECT_GE(now + 2 * 10, before);
    before = now;
  }
  EXPECT_LE(before, 4u * 10);
}

TEST(EpochReclamationTest, APinThatDoesNotEndIsReportedByName) {
  struct Log {
    static void Add(void* context, const EpochStall& stall) noexcept {
      auto& log = *static_cast<Log*>(context);
      ++log.reports;
      log.name = stall.name;
      log.batches.push_back(stall.garbage_batches);
      EXPECT_LT(stall.pinned_in, stall.epoch);
    }
    int reports = 0;
    std::string name;
    std::vector<std::size_t> batches;
  };
  Log log;
  EpochReclamation epochs({.batch = 1, .stall_batches = 4, .on_stall = &Log::Add, .context = &log});
  Participant reader(epochs, "the reader");
  Participant writer(epochs, "the writer");
  for (int i = 0; i < 100; ++i) writer.Retire(new int(i));
  EXPECT_EQ(log.reports, 0);
  EXPECT_FALSE(epochs.Laggard());
  {
    const auto pin = reader.Pin();
    for (int i = 0; i < 50; ++i) writer.Retire(new int(i));
    // At 4, 8, 16 and 32, or a few more, which were there before.
    EXPECT_EQ(log.reports, 4);
    EXPECT_EQ(log.name, "the reader");
    EXPECT_TRUE(std::is_sorted(log.batches.begin(), log.batches.end()));
    const std::optional<EpochStall> stall = epochs.Laggard();
    ASSERT_TRUE(stall);
    EXPECT_EQ(std::string_view(stall->name), "the reader");
    EXPECT_LT(stall->pinned_in, stall->epoch);
  }
  EXPECT_FALSE(epochs.Laggard());
  for (int i = 0; i < 200; ++i) writer.Retire(new int(i));
  EXPECT_EQ(log.reports, 4);
}

TEST(EpochReclamationTest, TheOldestOfSeveralPinsIsTheLaggard) {
  EpochReclamation epochs;
  Participant first(epochs, "first");
  Participant second(epochs, "second");
  Participant writer(epochs);
  const auto pin = first.Pin();
  EXPECT_FALSE(epochs.Laggard());
  writer.Collect();
  const auto later = second.Pin();
  ASSERT_TRUE(epochs.Laggard());
  EXPECT_EQ(std::string_view(epochs.Laggard()->name), "first");
}

TEST(EpochReclamationTest, GarbageBehindAPinIsBoundedByTryReserve) {
  constexpr std::size_t kMost = 20;
  int alive = 0;
  EpochReclamation epochs({.batch = 4});
  Participant reader(epochs);
  Participant writer(epochs);
  const auto retire = [&] {
    if (!writer.TryReserve(kMost)) return false;
    writer.Retire(new Counted(alive));
    return true;
  };
  {
    const auto pin = reader.Pin();
    int retired = 0;
    for (int i = 0; i < 1000; ++i) retired += retire();
    EXPECT_EQ(retired, static_cast<int>(kMost));
    EXPECT_EQ(epochs.Garbage(), kMost);
  }
  // Nobody is in the way: nobody is refused.
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(retire());
  EXPECT_LE(alive, static_cast<int>(kMost));
}

// ---- Participants come and go.

TEST(EpochReclamationTest, WhatOneLeavesAnotherFrees) {
  int alive = 0;
  EpochReclamation epochs({.batch = 2});
  Participant heir(epochs);
  {
    const auto pin = heir.Pin();
    Participant writer(epochs);
    for (int i = 0; i < 5; ++i) writer.Retire(new Counted(alive));
  }
  EXPECT_EQ(alive, 5);
  EXPECT_EQ(epochs.Garbage(), 5u);
  for (int i = 0; i < 3; ++i) heir.Collect();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(epochs.Garbage(), 0u);
}

TEST(EpochReclamationTest, TheDomainFreesWhatIsLeft) {
  int alive = 0;
  {
    EpochReclamation epochs({.batch = 2});
    Participant reader(epochs);
    const auto pin = reader.Pin();
    Participant writer(epochs);
    for (int i = 0; i < 5; ++i) writer.Retire(new Counted(alive));
  }
  EXPECT_EQ(alive, 0);
}

TEST(EpochReclamationTest, RecordsAreUsedAgain) {
  EpochReclamation epochs;
  for (int i = 0; i < 1000; ++i) {
    Participant self(epochs);
    const auto pin = self.Pin();
  }
  EXPECT_EQ(epochs.MostParticipants(), 1u);
}

TEST(EpochReclamationTest, AThousandParticipants) {
  int alive = 0;
  EpochReclamation epochs;
  std::vector<std::unique_ptr<Participant>> many;
  for (int i = 0; i < 1000; ++i) many.push_back(std::make_unique<Participant>(epochs));
  EXPECT_EQ(epochs.MostParticipants(), 1000u);
  for (const auto& participant : many) participant->Retire(new Counted(alive));
  {
    const auto pin = many[500]->Pin();
    for (int i = 0; i < 3; ++i) many[0]->Collect();
    EXPECT_EQ(alive, 1000);
  }
  many.resize(1);
  for (int i = 0; i < 3; ++i) many[0]->Collect();
  EXPECT_EQ(alive, 0);
}

// ---- Deleters.

struct Link {
  Link* next;
  int& alive;
};

// Frees a list, a link at a time.
struct RetireTheNext {
  void operator()(Link* link, Participant& by) const noexcept {
    by.Retire(link->next, RetireTheNext());
    by.Collect();  // nothing, in a deleter
    --link->alive;
    delete link;
  }
};

Link* ListOf(int length, int& alive) {
  Link* list = nullptr;
  for (; alive < length; ++alive) list = new Link{list, alive};
  return list;
}

TEST(EpochReclamationTest, DeletersMayRetire) {
  for (const std::size_t batch : {1, 2, 100}) {
    int alive = 0;
    EpochReclamation epochs({.batch = batch});
    Participant self(epochs);
    self.Retire(ListOf(10, alive), RetireTheNext());
    for (int i = 0; i < 30; ++i) self.Collect();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(epochs.Garbage(), 0u);
  }
}

TEST(EpochReclamationTest, DeletersMayRetireWhenTheirParticipantLeavesAndWhenTheDomainEnds) {
  int alive = 0;
  {
    EpochReclamation epochs({.batch = 2});
    Participant self(epochs);
    self.Retire(ListOf(10, alive), RetireTheNext());
    self.Collect();
  }
  EXPECT_EQ(alive, 0);
}

TEST(EpochReclamationTest, ADeleterThatRetiresManyMayFillTheBatchThatRetireHasBegun) {
  struct Many {
    static void Free(Many* many, Participant& by) noexcept {
      for (int i = 0; i < 2; ++i) by.Retire(new Counted(many->alive));
      delete many;
    }
    int& alive;
  };
  struct FreeMany {
    void operator()(Many* many, Participant& by) const noexcept { Many::Free(many, by); }
  };
  for (const std::size_t batch : {1, 2, 3}) {
    int alive = 0;
    {
      EpochReclamation epochs({.batch = batch});
      Participant self(epochs);
      for (int i = 0; i < 100; ++i) self.Retire(new Many{alive}, FreeMany());
    }
    EXPECT_EQ(alive, 0);
  }
}

struct MayThrow {
  void operator()(int* object) const { delete object; }
};
struct HasState {
  void operator()(int* object) const noexcept { delete object; }
  int state;
};
struct DestructorMayThrow {
  ~DestructorMayThrow() noexcept(false) {}
};
static_assert(Participant::kIsDeleter<EpochReclamation::Delete, int>);
static_assert(Participant::kIsDeleter<RetireTheNext, Link>);
static_assert(!Participant::kIsDeleter<MayThrow, int>);
static_assert(!Participant::kIsDeleter<HasState, int>);
static_assert(!Participant::kIsDeleter<EpochReclamation::Delete, DestructorMayThrow>);

// ---- Out of memory.

struct ScarcePlatform : StdPlatform {
  template <class T, class... Args>
  static T* Create(Args&&... args) {
    if (budget-- <= 0) throw std::bad_alloc();
    return StdPlatform::Create<T>(std::forward<Args>(args)...);
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    if (budget-- <= 0) throw std::bad_alloc();
    return StdPlatform::CreateArray<T>(count);
  }
  static inline int budget = 0;
};

TEST(EpochReclamationTest, WithoutMemoryNothingIsLost) {
  using Epochs = BasicEpochReclamation<ScarcePlatform>;
  int alive = 0;
  for (int budget = 1; budget < 30; ++budget) {
    int refused = 0;
    {
      ScarcePlatform::budget = 100;
      Epochs epochs({.batch = 2});
      Epochs::Participant reader(epochs);
      Epochs::Participant self(epochs);
      const auto pin = reader.Pin();
      ScarcePlatform::budget = budget;
      std::vector<Counted*> kept;
      for (int i = 0; i < 40; ++i) {
        auto* const object = new Counted(alive);
        try {
          self.Retire(object);
        } catch (const std::bad_alloc&) {
          ++refused;
          kept.push_back(object);
        }
      }
      EXPECT_EQ(epochs.Garbage() + kept.size(), 40u);
      EXPECT_EQ(alive, 40);
      // Later there is some again.
      ScarcePlatform::budget = 1000;
      for (Counted* const object : kept) self.Retire(object);
      EXPECT_EQ(epochs.Garbage(), 40u);
    }
    EXPECT_EQ(alive, 0);
    EXPECT_GT(refused, 0);
  }
}

TEST(EpochReclamationTest, AfterReserveRetireDoesNotThrow) {
  using Epochs = BasicEpochReclamation<ScarcePlatform>;
  ScarcePlatform::budget = 100;
  Epochs epochs({.batch = 1});
  Epochs::Participant self(epochs);
  for (int i = 0; i < 10; ++i) {
    ScarcePlatform::budget = 2;
    self.Reserve();
    ScarcePlatform::budget = 0;
    EXPECT_NO_THROW(self.Retire(new int(i)));
  }
}

TEST(EpochReclamationTest, AFreedBatchIsFilledAgain) {
  using Epochs = BasicEpochReclamation<ScarcePlatform>;
  ScarcePlatform::budget = 100;
  Epochs epochs({.batch = 4});
  Epochs::Participant self(epochs);
  for (int i = 0; i < 100; ++i) self.Retire(new int(i));
  ScarcePlatform::budget = 0;
  for (int i = 0; i < 1000; ++i) EXPECT_NO_THROW(self.Retire(new int(i)));
}

TEST(EpochReclamationTest, AParticipantThatFindsNoMemoryIsNone) {
  using Epochs = BasicEpochReclamation<ScarcePlatform>;
  Epochs epochs;
  ScarcePlatform::budget = 0;
  EXPECT_THROW(Epochs::Participant self(epochs), std::bad_alloc);
  EXPECT_EQ(epochs.MostParticipants(), 0u);
}

// ---- Misuse.

TEST(EpochReclamationDeathTest, APinThatOutlivesItsParticipant) {
  EXPECT_DEATH(
      {
        EpochReclamation epochs;
        auto self = std::make_unique<Participant>(epochs);
        const EpochReclamation::PinGuard pin(self->Pin());
        self.reset();
      },
      "a pin outlives");
}

TEST(EpochReclamationDeathTest, AnInnerPinThatOutlivesAnOuterOne) {
  EXPECT_DEATH(
      {
        EpochReclamation epochs;
        Participant self(epochs);
        auto* const outer = new EpochReclamation::PinGuard(self.Pin());
        const auto inner = self.Pin();
        delete outer;
      },
      "an inner pin outlives");
}

TEST(EpochReclamationDeathTest, AParticipantThatOutlivesItsDomain) {
  EXPECT_DEATH(
      {
        auto epochs = std::make_unique<EpochReclamation>();
        Participant self(*epochs);
        epochs.reset();
      },
      "a Participant outlives");
}

TEST(EpochReclamationDeathTest, ABatchOfNothing) {
  EXPECT_DEATH(EpochReclamation({.batch = 0}), "batch > 0");
}

// ---- What a model without threads says of any sequence of calls.

// Objects know the pins that were there when they were retired.
class Model {
 public:
  static constexpr int kParticipants = 4;

  explicit Model(std::size_t batch) : epochs_({.batch = batch}) {}
  ~Model() {
    for (int i = 0; i < kParticipants; ++i) Leave(i);
  }

  void Step(std::mt19937& random) {
    const int who = static_cast<int>(random() % kParticipants);
    if (participants_[who] == nullptr) {
      participants_[who] = std::make_unique<Participant>(epochs_);
      return;
    }
    switch (random() % 8) {
      case 0:
        pins_[who].emplace_back(new Guard(participants_[who]->Pin()));
        if (pins_[who].size() == 1) ++pinned_since_[who];
        break;
      case 1:
      case 2:
        if (!pins_[who].empty()) pins_[who].pop_back();
        break;
      case 3:
        participants_[who]->Collect();
        break;
      case 4:
        if (random() % 8 == 0) Leave(who);
        break;
      default:
        ++alive_;
        participants_[who]->Retire(new Object{*this, Pins()});
    }
    EXPECT_EQ(epochs_.Garbage(), static_cast<std::size_t>(alive_));
  }

 private:
  using Guard = EpochReclamation::PinGuard;
  // For each participant, the number of its pin; 0 is none.
  using PinNumbers = std::array<int, kParticipants>;

  struct Object {
    ~Object() {
      const PinNumbers now = model.Pins();
      for (int i = 0; i < kParticipants; ++i) {
        EXPECT_FALSE(pins[i] != 0 && pins[i] == now[i]) << "freed in spite of a pin";
      }
      --model.alive_;
    }
    Model& model;
    PinNumbers pins;
  };

  PinNumbers Pins() const {
    PinNumbers pins{};
    for (int i = 0; i < kParticipants; ++i) {
      if (!pins_[i].empty()) pins[i] = pinned_since_[i];
    }
    return pins;
  }
  void Leave(int who) {
    while (!pins_[who].empty()) pins_[who].pop_back();
    participants_[who].reset();
  }

  int alive_ = 0;
  EpochReclamation epochs_;
  std::unique_ptr<Participant> participants_[kParticipants];
  std::vector<std::unique_ptr<Guard>> pins_[kParticipants];
  int pinned_since_[kParticipants] = {};
};

TEST(EpochReclamationTest, NoSequenceOfCallsFreesWhatWasPinned) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    Model model(1 + seed % 4);
    for (int i = 0; i < 500; ++i) model.Step(random);
  }
}

// ---- Threads.

template <class FencePolicy>
class EpochReclamationStressTest : public testing::Test {};
using FencePolicies = testing::Types<FullFencePolicy, AsymmetricFencePolicy>;
TYPED_TEST_SUITE(EpochReclamationStressTest, FencePolicies);

struct Canary {
  static constexpr std::uint64_t kAlive = 0x600df00d;
  explicit Canary(std::atomic<int>& count) : alive(count) { ++alive; }
  ~Canary() {
    song = 0;
    --alive;
  }
  std::uint64_t song = kAlive;
  std::atomic<int>& alive;
};

// More threads than cores, of which each does a part, leaves, and is followed by another.
TYPED_TEST(EpochReclamationStressTest, ThreadsThatComeAndGoReadOnlyWhatIsAlive) {
  using Epochs = BasicEpochReclamation<StdPlatform, TypeParam>;
  constexpr int kThreads = 8;
  constexpr int kGenerations = 4;
  constexpr int kSteps = 2000;
  std::atomic<int> alive{0};
  std::atomic<int> wrong{0};
  {
    Epochs epochs({.batch = 8});
    std::atomic<Canary*> cages[4] = {};
    const auto live = [&](unsigned seed) {
      typename Epochs::Participant self(epochs);
      std::minstd_rand random(seed);
      for (int i = 0; i < kSteps; ++i) {
        std::atomic<Canary*>& cage = cages[random() / 16 % 4];
        if (random() / 16 % 4 == 0) {
          self.Retire(cage.exchange(new Canary(alive), std::memory_order_acq_rel));
        } else {
          const auto pin = self.Pin();
          const Canary* const canary = cage.load(std::memory_order_acquire);
          if (random() / 16 % 64 == 0) std::this_thread::yield();
          if (canary != nullptr && canary->song != Canary::kAlive) ++wrong;
        }
      }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&live, thread] {
        for (int generation = 0; generation < kGenerations; ++generation) {
          std::thread(live, 1 + thread * kGenerations + generation).join();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(epochs.MostParticipants(), std::size_t{kThreads});
    for (auto& cage : cages) delete cage.load(std::memory_order_relaxed);
    EXPECT_EQ(static_cast<std::size_t>(alive.load()), epochs.Garbage());
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace ashlar
