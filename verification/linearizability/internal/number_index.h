// number_index.h
// --------------
// NumberIndex: finds what is numbered 0, 1, 2, ... by its hash. The things themselves are the
// caller's, who compares them, so that this is compiled once for all of them.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_NUMBER_INDEX_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_NUMBER_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ashlar::verification::linearizability::internal {

std::size_t HashOfPairs(const std::vector<std::pair<int, int>>& pairs);

class NumberIndex {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  NumberIndex() : slots_(16, kNone) {}

  // One with this hash for which same(number), or kNone.
  template <class Same>
  std::uint32_t Find(std::size_t hash, Same same) const {
    for (std::size_t at = Slot(hash);; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint32_t number = slots_[at];
      if (number == kNone || (hashes_[number] == hash && same(number))) return number;
    }
  }
  // Gives the next number to something with this hash.
  void Add(std::size_t hash);

  std::size_t Size() const { return hashes_.size(); }

 private:
  // Hashes may be as plain as the things themselves. The factor is 2^64 over the golden ratio.
  std::size_t Slot(std::size_t hash) const {
    const std::uint64_t mixed = hash * 0x9e3779b97f4a7c15;
    return (mixed ^ mixed >> 32) & (slots_.size() - 1);
  }
  void Insert(std::uint32_t number);

  std::vector<std::size_t> hashes_;
  std::vector<std::uint32_t> slots_;  // a power of two of them
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_NUMBER_INDEX_H_
