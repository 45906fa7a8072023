// random.h
// --------
// Random: numbers that the seed decides (Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014). <random> takes longer to compile than all that uses this.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_RANDOM_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_RANDOM_H_

#include <cstddef>
#include <cstdint>

namespace ashlar::verification::linearizability::internal {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // 0, 1, ..., count - 1
  std::size_t Below(std::size_t count) {
    std::uint64_t bits = state_ += 0x9e3779b97f4a7c15;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    return (bits ^ bits >> 31) % count;
  }

 private:
  std::uint64_t state_;
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_RANDOM_H_
