// event_set.h
// -----------
// EventSet: a set of the events of one execution graph, as a few machine words.
//
// All relations of a graph are stored as such sets, so that composing and comparing
// them is a handful of ands and ors. Fixed size: nothing is allocated.
#ifndef ASHLAR_VERIFICATION_RC11_EVENT_SET_H_
#define ASHLAR_VERIFICATION_RC11_EVENT_SET_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace ashlar::verification::rc11 {

// The slot of an event in its graph.
using EventId = std::uint8_t;

class EventSet {
 public:
  static constexpr int kCapacity = 128;

  constexpr EventSet() = default;
  static constexpr EventSet Of(EventId event) {
    EventSet set;
    set.Insert(event);
    return set;
  }

  constexpr void Insert(EventId event) { words_[event / 64] |= std::uint64_t{1} << event % 64; }
  constexpr void Remove(EventId event) { words_[event / 64] &= ~(std::uint64_t{1} << event % 64); }
  constexpr bool Contains(EventId event) const { return words_[event / 64] >> event % 64 & 1; }

  constexpr bool Empty() const { return (words_[0] | words_[1]) == 0; }
  constexpr int Size() const { return std::popcount(words_[0]) + std::popcount(words_[1]); }
  constexpr bool Intersects(const EventSet& other) const {
    return ((words_[0] & other.words_[0]) | (words_[1] & other.words_[1])) != 0;
  }

  constexpr EventSet& operator|=(const EventSet& other) {
    words_[0] |= other.words_[0];
    words_[1] |= other.words_[1];
    return *this;
  }
  constexpr EventSet& operator&=(const EventSet& other) {
    words_[0] &= other.words_[0];
    words_[1] &= other.words_[1];
    return *this;
  }
  // Set difference.
  constexpr EventSet& operator-=(const EventSet& other) {
    words_[0] &= ~other.words_[0];
    words_[1] &= ~other.words_[1];
    return *this;
  }
  friend constexpr EventSet operator|(EventSet a, const EventSet& b) { return a |= b; }
  friend constexpr EventSet operator&(EventSet a, const EventSet& b) { return a &= b; }
  friend constexpr EventSet operator-(EventSet a, const EventSet& b) { return a -= b; }
  friend constexpr bool operator==(const EventSet&, const EventSet&) = default;

  // The smallest event that is no member; there must be one.
  constexpr EventId FirstAbsent() const {
    const int low = std::countr_one(words_[0]);
    return static_cast<EventId>(low < 64 ? low : 64 + std::countr_one(words_[1]));
  }

  // Calls visit(event) for each member, in ascending order.
  template <class Visit>
  constexpr void ForEach(Visit visit) const {
    for (int word = 0; word < 2; ++word) {
      for (std::uint64_t rest = words_[word]; rest != 0; rest &= rest - 1) {
        visit(static_cast<EventId>(word * 64 + std::countr_zero(rest)));
      }
    }
  }

 private:
  std::uint64_t words_[2] = {};
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_EVENT_SET_H_
