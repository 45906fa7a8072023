// The checker and the definition agree on random small histories of every specification,
// in the order of times and in partial orders. ASHLAR_HISTORIES asks for more of each kind,
// ASHLAR_SEED for others.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/brute_force_for_test.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

int FromEnvironment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  // 0, 1, ..., n - 1
  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }
  bool OneIn(int n) { return Below(n) == 0; }

 private:
  std::mt19937 engine_;
};

// Some call, the `number`th.
template <class T>
typename Register<T>::Call SomeCall(const Register<T>&, Random& random, int) {
  return random.OneIn(2) ? Register<T>::Write(random.Below(3)) : Register<T>::Read();
}
Counter::Call SomeCall(const Counter&, Random& random, int) {
  return Counter::Add(1 + random.Below(2));
}
template <class T>
typename Set<T>::Call SomeCall(const Set<T>&, Random& random, int) {
  return {static_cast<typename Set<T>::Method>(random.Below(3)), random.Below(2)};
}
template <class K, class V>
typename Map<K, V>::Call SomeCall(const Map<K, V>&, Random& random, int number) {
  return {static_cast<typename Map<K, V>::Method>(random.Below(3)), random.Below(2), number};
}
template <class T>
typename ItemContainer<T>::Call SomeCall(const ItemContainer<T>&, Random& random, int number) {
  return random.OneIn(2) ? ItemContainer<T>::Push(number) : ItemContainer<T>::Pop();
}
// The same item now and then, from which nothing can be deduced.
template <class T>
struct QueueOfEquals : Queue<T> {};
template <class T>
typename ItemContainer<T>::Call SomeCall(const QueueOfEquals<T>&, Random& random, int) {
  return random.OneIn(2) ? ItemContainer<T>::Push(random.Below(2)) : ItemContainer<T>::Pop();
}
template <class T>
typename ItemContainer<T>::Call SomeCall(const WorkStealingDeque<T>&, Random& random, int number) {
  if (random.OneIn(3)) return ItemContainer<T>::Steal();
  return random.OneIn(3) ? ItemContainer<T>::Pop() : ItemContainer<T>::Push(number);
}

// The operations take effect one after another, at 10, 20, ..., and are called and return
// around that. A few results are then exchanged or lost.
template <class S>
HistoryOf<S> SomeHistory(const S& specification, Random& random) {
  HistoryOf<S> history;
  history.threads = 1 + random.Below(4);
  typename S::State state = InitialState(specification);
  const int size = 1 + random.Below(7);
  const int stretch = 1 + random.Below(40);
  std::vector<Time> free_from(history.threads);
  for (int i = 0; i < size; ++i) {
    const int thread = random.Below(history.threads);
    const typename S::Call call = SomeCall(specification, random, i);
    std::vector<std::pair<typename S::Result, typename S::State>> effects;
    ForEachEffect(specification, state, call,
                  [&](const typename S::Result& result, typename S::State next) {
                    effects.emplace_back(result, std::move(next));
                  });
    auto& effect = effects[random.Below(static_cast<int>(effects.size()))];
    state = std::move(effect.second);
    const Time now = 10 * (i + 1);
    const Time called = std::max<Time>(free_from[thread], now - random.Below(stretch));
    const Time returned = std::max<Time>(now, called) + random.Below(stretch);
    history.operations.push_back({thread, call, effect.first, called, returned});
    free_from[thread] = returned + random.Below(2);
  }
  for (int wrong = random.Below(5); wrong > 0; --wrong) {
    auto& a = history.operations[random.Below(size)];
    auto& b = history.operations[random.Below(size)];
    std::swap(a.result, b.result);
  }
  if (random.OneIn(3)) {
    // The last ones of some threads.
    std::set<int> seen;
    for (int i = size - 1; i >= 0; --i) {
      auto& operation = history.operations[i];
      if (seen.insert(operation.thread).second && random.OneIn(2)) operation.result.reset();
    }
  }
  return history;
}

// Turns times into pairs, and leaves out some.
template <class S>
void MakePartial(HistoryOf<S>& history, Random& random) {
  history.order.emplace();
  const int size = static_cast<int>(history.operations.size());
  for (int a = 0; a < size; ++a) {
    for (int b = a + 1; b < size; ++b) {
      if (history.operations[a].result.has_value() && random.OneIn(3)) {
        history.order->emplace_back(a, b);
      }
    }
  }
}

template <class S>
std::string TextOfHistory(const S& specification, const HistoryOf<S>& history) {
  std::string text;
  for (const auto& operation : history.operations) {
    text += "thread " + std::to_string(operation.thread) + " [" + std::to_string(operation.called) +
            ", " + std::to_string(operation.returned) + "] " +
            TextOf(specification, operation.call, operation.result) + "\n";
  }
  if (history.order.has_value()) {
    for (const auto& [a, b] : *history.order) {
      text += std::to_string(a) + " before " + std::to_string(b) + "\n";
    }
  }
  return text;
}

// Whether the sequence agrees with the order and with the specification.
template <class S>
bool IsAllowed(const S& specification, const HistoryOf<S>& history,
               const std::vector<int>& sequence) {
  const absl::StatusOr<Order> order = history.MakeOrder();
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    for (std::size_t j = i + 1; j < sequence.size(); ++j) {
      if (order->Precedes(sequence[j], sequence[i]) || sequence[i] == sequence[j]) return false;
    }
  }
  std::vector<typename S::State> states = {InitialState(specification)};
  for (const int index : sequence) {
    const auto& operation = history.operations[index];
    std::vector<typename S::State> next;
    for (const auto& state : states) {
      ForEachEffect(specification, state, operation.call,
                    [&](const typename S::Result& result, typename S::State after) {
                      if (!operation.result.has_value() || *operation.result == result) {
                        next.push_back(std::move(after));
                      }
                    });
    }
    states = std::move(next);
  }
  return !states.empty();
}

// Whether all that returned is in the sequence.
template <class S>
bool IsComplete(const HistoryOf<S>& history, const std::vector<int>& sequence) {
  const std::set<int> taken(sequence.begin(), sequence.end());
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    if (history.operations[i].result.has_value() && !taken.contains(static_cast<int>(i))) {
      return false;
    }
  }
  return true;
}

template <class S>
void AgreesWithTheDefinition(const char* name, const S& specification) {
  const int histories = FromEnvironment("ASHLAR_HISTORIES", 10'000);
  Random random(static_cast<std::uint32_t>(FromEnvironment("ASHLAR_SEED", 1)));
  int right = 0;
  for (int i = 0; i < histories; ++i) {
    HistoryOf<S> history = SomeHistory(specification, random);
    if (i % 2 == 1) MakePartial<S>(history, random);
    const absl::StatusOr<Verdict> verdict = CheckLinearizable(specification, history);
    ASSERT_TRUE(verdict.ok()) << verdict.status() << "\n" << TextOfHistory(specification, history);
    const bool expected = BruteForce<S>(specification, history).IsLinearizable();
    ASSERT_EQ(verdict->outcome, expected ? Outcome::kLinearizable : Outcome::kNotLinearizable)
        << "history " << i << "\n"
        << TextOfHistory(specification, history);
    ASSERT_TRUE(IsAllowed(specification, history, verdict->sequence))
        << TextOfHistory(specification, history);
    ASSERT_EQ(expected, IsComplete<S>(history, verdict->sequence));
    ASSERT_EQ(expected, verdict->stuck.empty());
    for (const int stuck : verdict->stuck) {
      ASSERT_EQ(std::count(verdict->sequence.begin(), verdict->sequence.end(), stuck), 0);
    }
    right += expected;
  }
  std::printf("%s: %d of %d linearizable\n", name, right, histories);
  testing::Test::RecordProperty("histories", histories);
  testing::Test::RecordProperty("linearizable", right);
  EXPECT_GT(right, histories / 5);
  EXPECT_LT(right, histories * 4 / 5);
}

TEST(CheckerPropertyTest, Register) { AgreesWithTheDefinition("register", Register<int>()); }
TEST(CheckerPropertyTest, Counter) { AgreesWithTheDefinition("counter", Counter()); }
TEST(CheckerPropertyTest, Stack) { AgreesWithTheDefinition("stack", Stack<int>()); }
TEST(CheckerPropertyTest, Queue) { AgreesWithTheDefinition("queue", Queue<int>()); }
TEST(CheckerPropertyTest, BoundedQueue) { AgreesWithTheDefinition("bounded queue", Queue<int>(2)); }
TEST(CheckerPropertyTest, QueueOfEquals) {
  AgreesWithTheDefinition("queue of equals", QueueOfEquals<int>());
}
TEST(CheckerPropertyTest, RelaxedQueue) {
  RelaxedQueue<int> queue;
  queue.k = 2;
  queue.capacity = 2;
  queue.may_fail = true;
  AgreesWithTheDefinition("relaxed queue", queue);
}
TEST(CheckerPropertyTest, WorkStealingDeque) {
  WorkStealingDeque<int> deque;
  AgreesWithTheDefinition("work-stealing deque", deque);
  deque.steal_may_miss = true;
  AgreesWithTheDefinition("work-stealing deque whose steals may miss", deque);
}
TEST(CheckerPropertyTest, Set) { AgreesWithTheDefinition("set", Set<int>()); }
TEST(CheckerPropertyTest, Map) { AgreesWithTheDefinition("map", Map<int, int>()); }

}  // namespace
}  // namespace ashlar::verification::linearizability
