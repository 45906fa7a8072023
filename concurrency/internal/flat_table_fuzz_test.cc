// Sequences of calls on a FlatTable and on a std::unordered_set. The first byte of an input chooses
// which bits of hashes differ, then each two bytes are a call.
#include <cstddef>
#include <cstdint>
#include <unordered_set>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/internal/flat_table.h"

namespace ashlar::internal {
namespace {

// Longer inputs find nothing new and take longer.
constexpr std::size_t kMostBytes = 4096;

class Target {
 public:
  explicit Target(std::uint8_t kind) : bits_(kBits[kind % 4]) {}

  // One of 1024 elements; more of them are added than erased.
  void Call(std::uint8_t first, std::uint8_t second) {
    const int element = (first % 4) * 256 + second;
    const auto hash_of = [this](int e) { return HashOf(e); };
    const FlatTable<int>::Place found =
        table_.Locate(HashOf(element), [element](int other) { return other == element; });
    ASHLAR_CHECK(found.IsNowhere() == !model_.contains(element));
    const int method = first / 4;
    if (method < 40) {
      if (found.IsNowhere()) table_.Add(HashOf(element), hash_of, element);
      model_.insert(element);
    } else if (method < 60) {
      if (!found.IsNowhere()) table_.Erase(found, HashOf(element));
      model_.erase(element);
    } else if (method < 62) {
      const auto condition = [element](int e) { return (e ^ element) % 4 == 0; };
      const std::size_t erased = table_.EraseIf(hash_of, condition);
      ASHLAR_CHECK(erased == std::erase_if(model_, condition));
    } else if (method == 62) {
      table_.Reserve(static_cast<std::size_t>(element), hash_of);
    } else {
      table_.Clear();
      model_.clear();
    }
    ASHLAR_CHECK(table_.size() == model_.size());
  }
  void CheckInvariants() const {
    ASHLAR_CHECK(table_.IsConsistent([this](int e) { return HashOf(e); }));
    table_.ForEach([this](int element) { ASHLAR_CHECK(model_.contains(element)); });
  }

 private:
  // All; two groups' tags and few of them; the tag alone; none.
  static constexpr Hash64 kBits[] = {~Hash64{0}, 0x103, 0xff, 0};

  Hash64 HashOf(int element) const {
    return (static_cast<Hash64>(element) * 0x9e3779b97f4a7c15 >> 16) & bits_;
  }

  const Hash64 bits_;
  FlatTable<int> table_;
  std::unordered_set<int> model_;
};

}  // namespace
}  // namespace ashlar::internal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  if (size > ashlar::internal::kMostBytes) size = ashlar::internal::kMostBytes;
  ashlar::internal::Target target(data[0]);
  for (std::size_t i = 1; i + 1 < size; i += 2) {
    target.Call(data[i], data[i + 1]);
    if (i % 64 == 1) target.CheckInvariants();
  }
  target.CheckInvariants();
  return 0;
}
