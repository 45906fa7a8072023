// configuration_set.h
// -------------------
// ConfigurationSet: the configurations that a search has been in. A configuration is how
// many operations of each thread have taken effect, and the number of a state.
//
// A hash table over one array of words: 4 bytes for each thread and state of each
// configuration, and 8 to 16 for its slot. Whole configurations are compared, not hashes.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CONFIGURATION_SET_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CONFIGURATION_SET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ashlar::verification::linearizability::internal {

class ConfigurationSet {
 public:
  explicit ConfigurationSet(int threads);

  // False if it is in the set already. `counts` has an entry for each thread.
  bool Insert(std::span<const std::uint32_t> counts, std::uint32_t state);

  std::size_t Size() const { return words_.size() / width_; }

 private:
  static constexpr std::uint32_t kEmpty = ~std::uint32_t{0};

  // The slot where such a configuration is, or would be.
  std::uint32_t& Find(const std::uint32_t* configuration);
  void Grow();

  const std::size_t width_;
  std::vector<std::uint32_t> words_;
  std::vector<std::uint32_t> slots_;  // indices of configurations; a power of two of them
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_CONFIGURATION_SET_H_
