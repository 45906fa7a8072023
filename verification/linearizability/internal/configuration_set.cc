#include "ashlar/verification/linearizability/internal/configuration_set.h"

#include <algorithm>

namespace ashlar::verification::linearizability::internal {
namespace {

std::uint64_t HashWords(const std::uint32_t* words, std::size_t count) {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < count; ++i) {
    hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

ConfigurationSet::ConfigurationSet(int threads)
    : width_(static_cast<std::size_t>(threads) + 1), slots_(64, kEmpty) {}

bool ConfigurationSet::Insert(std::span<const std::uint32_t> counts, std::uint32_t state) {
  // Appended first, so that it can be looked for, and taken back if it is found.
  const std::uint32_t index = static_cast<std::uint32_t>(Size());
  words_.insert(words_.end(), counts.begin(), counts.end());
  words_.push_back(state);
  std::uint32_t& slot = Find(words_.data() + index * width_);
  if (slot != kEmpty) {
    words_.resize(index * width_);
    return false;
  }
  slot = index;
  if (Size() * 2 > slots_.size()) Grow();
  return true;
}

std::uint32_t& ConfigurationSet::Find(const std::uint32_t* configuration) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = HashWords(configuration, width_) & mask;
  for (;; at = (at + 1) & mask) {
    const std::uint32_t index = slots_[at];
    if (index == kEmpty) return slots_[at];
    const std::uint32_t* const other = words_.data() + index * width_;
    if (std::equal(other, other + width_, configuration)) return slots_[at];
  }
}

void ConfigurationSet::Grow() {
  slots_.assign(slots_.size() * 2, kEmpty);
  for (std::size_t i = 0; i < Size(); ++i) {
    Find(words_.data() + i * width_) = static_cast<std::uint32_t>(i);
  }
}

}  // namespace ashlar::verification::linearizability::internal
