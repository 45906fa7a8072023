#include "ashlar/verification/linearizability/internal/number_index.h"

namespace ashlar::verification::linearizability::internal {

std::size_t HashOfPairs(const std::vector<std::pair<int, int>>& pairs) {
  std::uint64_t hash = 0;
  for (const auto& [first, second] : pairs) {
    hash = (hash ^ static_cast<std::uint32_t>(first)) * 0x9e3779b97f4a7c15;
    hash = (hash ^ static_cast<std::uint32_t>(second) ^ hash >> 32) * 0x9e3779b97f4a7c15;
  }
  return hash;
}

void NumberIndex::Add(std::size_t hash) {
  const auto number = static_cast<std::uint32_t>(hashes_.size());
  hashes_.push_back(hash);
  if (hashes_.size() * 2 <= slots_.size()) return Insert(number);
  slots_.assign(slots_.size() * 2, kNone);
  for (std::uint32_t each = 0; each <= number; ++each) Insert(each);
}

void NumberIndex::Insert(std::uint32_t number) {
  std::size_t at = Slot(hashes_[number]);
  while (slots_[at] != kNone) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = number;
}

}  // namespace ashlar::verification::linearizability::internal
