// ShardedMap is a map, each key alone, as each of its calls is specified.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ashlar/concurrency/sharded_map.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

enum class Method : std::uint8_t {
  kTryEmplace,
  kInsertOrAssign,
  kInsertOrVisit,  // adds the value to what is there
  kVisit,          // doubles
  kGet,
  kExtract,
  kErase,
  kEraseIf,  // if it is odd
};

// So that no number of calls makes it too large.
int Doubled(int value) { return value * 2 % 1000; }

struct Values {
  struct Call {
    Method method;
    std::int8_t key;
    int value;
  };
  struct Result {
    bool done = false;
    int value = 0;  // of kGet, kExtract
    friend bool operator==(const Result&, const Result&) = default;
  };
  using State = std::map<int, int>;

  Result Apply(State& state, const Call& call) const {
    const auto found = state.find(call.key);
    const bool there = found != state.end();
    const Result result = {there, there ? found->second : 0};
    switch (call.method) {
      case Method::kTryEmplace:
        return {state.try_emplace(call.key, call.value).second};
      case Method::kInsertOrAssign:
        return {state.insert_or_assign(call.key, call.value).second};
      case Method::kInsertOrVisit:
        state[call.key] += call.value;
        return {!there};
      case Method::kVisit:
        if (there) found->second = Doubled(found->second);
        return {there};
      case Method::kGet:
        return result;
      case Method::kExtract:
        state.erase(call.key);
        return result;
      case Method::kErase:
        state.erase(call.key);
        return {there};
      case Method::kEraseIf:
        if (result.value % 2 == 0) return {false};
        state.erase(found);
        return {true};
    }
    return {};
  }
  std::int8_t Partition(const Call& call) const { return call.key; }

  std::string Text(const Call& call) const {
    static constexpr const char* kNames[] = {
        "TryEmplace", "InsertOrAssign", "InsertOrVisit", "Visit",
        "Get",        "Extract",        "Erase",         "EraseIf"};
    return kNames[static_cast<int>(call.method)] + ("(" + std::to_string(call.key)) + ", " +
           std::to_string(call.value) + ")";
  }
  std::string Text(const Result& result) const {
    return (result.done ? "true, " : "false, ") + std::to_string(result.value);
  }
  std::string Text(const State& state) const {
    std::string text;
    for (const auto& [key, value] : state) {
      text += std::to_string(key) + ": " + std::to_string(value) + " ";
    }
    return text;
  }
};

// As many hashes as one asks for.
struct FewHashes {
  std::size_t number;
  std::size_t operator()(int key) const noexcept { return static_cast<std::size_t>(key) % number; }
};

struct Begin {
  std::size_t shards;
  std::size_t hashes;
};
constexpr Begin kBegins[] = {{1, 1000}, {4, 1000}, {1, 2}};

template <class Platform>
class MapObject {
 public:
  using Specification = Values;
  using Call = Values::Call;
  using Result = Values::Result;

  static constexpr int kThreads = 3;
  static constexpr int kVariants = std::size(kBegins);
  explicit MapObject(int variant)
      : map_(kBegins[variant].shards, FewHashes{kBegins[variant].hashes}) {}

  // The first calls are few, for the programs: those that tell most. Later ones, for the fuzzer and
  // real threads, are of so many keys that the table grows.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int value = 10 * (thread + 1) + static_cast<int>(made.size());
    if (made.size() < 2) {
      return {{Method::kTryEmplace, 0, value},
              {Method::kInsertOrVisit, 0, value},
              {Method::kExtract, 0, 0},
              {Method::kGet, static_cast<std::int8_t>(made.size()), 0}};
    }
    std::vector<Call> calls;
    for (std::int8_t key = 0; key < 28; ++key) {
      const auto method = [&](std::size_t turn) {
        return static_cast<Method>((made.size() + turn + static_cast<std::size_t>(key)) % 8);
      };
      for (const Method each : {Method::kTryEmplace, method(0), method(3)}) {
        calls.push_back({each, key, value});
      }
    }
    return calls;
  }
  Result Do(int, const Call& call) {
    const int key = call.key;
    switch (call.method) {
      case Method::kTryEmplace:
        return {map_.TryEmplace(key, call.value)};
      case Method::kInsertOrAssign:
        return {map_.InsertOrAssign(key, call.value)};
      case Method::kInsertOrVisit:
        return {
            map_.InsertOrVisit(key, call.value, [&call](int, int& value) { value += call.value; })};
      case Method::kVisit:
        return {map_.Visit(key, [](int, int& value) { value = Doubled(value); })};
      case Method::kGet:
        return Found(map_.Get(key));
      case Method::kExtract:
        return Found(map_.Extract(key));
      case Method::kErase:
        return {map_.Erase(key)};
      case Method::kEraseIf:
        return {map_.EraseIf(key, [](int, int value) { return value % 2 != 0; })};
    }
    return {};
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{2, 2}}, {{2, 1, 1}}};
    return {{{2, 1}}, {{1, 1, 1}}};
  }
  // A lock's release is seen before the next one has it.
  static Specification Late() { return {}; }

 private:
  static Result Found(std::optional<int> value) { return {value.has_value(), value.value_or(0)}; }

  ShardedMap<int, int, FewHashes, std::equal_to<>, Platform> map_;
};

}  // namespace

std::vector<Object> Objects() { return {MakeObject<MapObject>("ShardedMap")}; }

}  // namespace ashlar::verification::linearizability
