// flat_table.h
// ------------
// FlatTable: the open-addressing hash table of a shard (sharded_map.h). For one thread.
//
// Elements lie in groups of 14 slots. An element's hash chooses the group where its search
// begins; if that is full, others follow. Each group has a TagGroup, which says where to look:
// 8 bits of each slot's hash, and how many elements went on to later groups, so that a search
// ends here if none did. That number is counted down again on erasure, so there are no
// tombstones: a table in which as much is erased as inserted stays as fast as a new one, and
// never needs cleaning.
//
// Elements move when the table grows, and only then.
//
// Parameters: T, whose move and destructor do not throw. Hashes are 64 bits, all of them
// good; the table uses the lowest kHashBits. It does not keep them: growth and erasure ask for
// them again, by hash_of(element).
// Thread safety: that of a std::vector. Members that are const change no element's place.
// Errors: std::bad_alloc by what adds, and whatever hash_of, equal, or T's constructor throw.
// Nothing has changed then; but what an EraseIf has erased before stays so.
// Cost: a look-up reads 16 bytes a group, and those elements whose tag is the same: besides the one
// that is looked for, one in 20 look-ups. At the highest load it sees 1.1 groups in the mean, and
// 1.6 where elements come and go at that load. Growing takes memory of 8 bytes an element for a
// while if hash_of is not noexcept.
//
// Source: N. Bronson and X. Shi, F14, 2019, whose chunks of 14 slots count what has passed them.
#ifndef ASHLAR_CONCURRENCY_INTERNAL_FLAT_TABLE_H_
#define ASHLAR_CONCURRENCY_INTERNAL_FLAT_TABLE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "ashlar/concurrency/internal/tag_group.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"

namespace ashlar::internal {

using Hash64 = std::uint64_t;

template <class T, class Platform = StdPlatform>
class FlatTable {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>);

 public:
  static constexpr int kHashBits = 48;

  FlatTable() = default;
  ~FlatTable() {
    ForEach([](T& element) { std::destroy_at(&element); });
    if (groups_ == &kNoGroup) return;
    Platform::DestroyArray(slots_, (mask_ + 1) * TagGroup::kSlots);
    Platform::DestroyArray(groups_, mask_ + 1);
  }
  FlatTable(const FlatTable&) = delete;
  FlatTable& operator=(const FlatTable&) = delete;

  std::size_t size() const noexcept { return size_; }

  // Where an element lies.
  struct Place {
    std::size_t group;
    unsigned slot;
    bool IsNowhere() const noexcept { return slot == TagGroup::kSlots; }
  };
  T& At(Place place) const noexcept { return *RoomAt(place); }

  // The element of that hash for which equal(element), or nowhere.
  template <class Equal>
  Place Locate(Hash64 hash, Equal equal) const {
    const unsigned tag = TagOf(hash);
    Probe probe = ProbeOf(hash);
    do {
      const TagGroup& group = groups_[probe.group];
      // What is likely to be asked for next comes while the tags do.
      __builtin_prefetch(slots_ + probe.group * TagGroup::kSlots);
      for (unsigned match = group.Match(tag); match != 0; match &= match - 1) {
        const Place place{probe.group, First(match)};
        if (equal(std::as_const(At(place)))) [[likely]]
          return place;
      }
      if (group.Passed(tag) == 0) [[likely]]
        return kNowhere;
    } while (probe.Next());
    return kNowhere;
  }

  // The same, or null.
  template <class Equal>
  T* Find(Hash64 hash, Equal equal) const {
    const Place place = Locate(hash, equal);
    return place.IsNowhere() ? nullptr : &At(place);
  }

  // Adds one that is not there yet, made of `arguments`.
  template <class HashOf, class... Arguments>
  T& Add(Hash64 hash, HashOf hash_of, Arguments&&... arguments) {
    if (size_ == limit_) [[unlikely]]
      Rehash(limit_ == 0 ? 1 : 2 * (mask_ + 1), hash_of);
    const Place place = FindRoom(hash);
    std::construct_at(RoomAt(place), std::forward<Arguments>(arguments)...);
    Take(hash, place);
    return At(place);
  }

  // Erases one of that hash.
  void Erase(Place place, Hash64 hash) noexcept {
    std::destroy_at(&At(place));
    Leave(hash, place);
  }

  // Calls visit(T&) for each one. It must not change the table.
  template <class Visit>
  void ForEach(Visit visit) const {
    ForEachPlace([&](Place place) { visit(At(place)); });
  }

  // Erases those for which condition(T&). How many they were.
  template <class HashOf, class Condition>
  std::size_t EraseIf(HashOf hash_of, Condition condition) {
    const std::size_t before = size_;
    ForEachPlace([&](Place place) {
      T& element = At(place);
      if (condition(element)) Erase(place, hash_of(std::as_const(element)));
    });
    return before - size_;
  }

  // Room for `count` elements in all, without growing again.
  template <class HashOf>
  void Reserve(std::size_t count, HashOf hash_of) {
    if (count <= limit_) return;
    if (count > kMostElements) throw std::bad_alloc();
    std::size_t groups = 1;
    while (LimitOf(groups) < count) groups *= 2;
    Rehash(groups, hash_of);
  }

  // Destroys all, and gives the memory back.
  void Clear() noexcept {
    FlatTable empty;
    Swap(empty);
  }

  void Swap(FlatTable& other) noexcept {
    std::swap(groups_, other.groups_);
    std::swap(slots_, other.slots_);
    std::swap(mask_, other.mask_);
    std::swap(size_, other.size_);
    std::swap(limit_, other.limit_);
  }

  // How many groups a search for each element in turn would pass over, in all: with hashes as they
  // should be, not more than 0.6 size().
  std::size_t Detours() const noexcept {
    std::size_t detours = 0;
    for (std::size_t group = 0; group <= mask_; ++group) {
      detours += groups_[group].Passed(0) + groups_[group].Passed(1);
    }
    return detours;
  }

  // Whether each element can be found where its hash says, and all numbers are right. For tests.
  template <class HashOf>
  bool IsConsistent(HashOf hash_of) const {
    std::size_t size = 0;
    bool found_all = true;
    // Of each group, those of even tags and those of odd ones.
    const PlatformArray<std::size_t, Platform> passed(2 * (mask_ + 1));
    ForEachPlace([&](Place place) {
      ++size;
      const T* const element = &At(place);
      const Hash64 hash = hash_of(*element);
      found_all = found_all && Find(hash, [=](const T& other) { return &other == element; });
      for (Probe probe = ProbeOf(hash); probe.group != place.group && probe.Next();) {
        ++passed[2 * probe.Previous() + TagOf(hash) % 2];
      }
    });
    bool counted = true;
    for (std::size_t i = 0; i < passed.size(); ++i) {
      const unsigned count = groups_[i / 2].Passed(i % 2);
      counted = counted && (count == TagGroup::kManyPassed || count == passed[i]);
    }
    return found_all && counted && size == size_ && size <= limit_;
  }

 private:
  // The groups in which an element may lie, in order: triangular steps come to all of them.
  struct Probe {
    std::size_t group;
    std::size_t mask;
    std::size_t step = 0;

    // False if that were all.
    bool Next() noexcept {
      group = (group + ++step) & mask;
      return step <= mask;
    }
    std::size_t Previous() const noexcept { return (group - step) & mask; }
  };

  static constexpr Place kNowhere{0, TagGroup::kSlots};

  // Room for a T; the tags say whether there is one. No destructor, so that an array of them
  // begins where its memory does.
  struct Slot {
    Slot() noexcept {}  // leaves it as it is
    alignas(T) std::byte room[sizeof(T)];
  };

  // A table without memory has this one group, which stays empty.
  static constexpr TagGroup kNoGroup{};

  // So many that no product of it overflows.
  static constexpr std::size_t kMostElements =
      std::numeric_limits<std::size_t>::max() / 4 / TagGroup::kSlots / sizeof(Slot);

  // 6/7 of the slots.
  static constexpr std::size_t LimitOf(std::size_t groups) { return groups * 12; }

  // Not a byte: that would be stored as one, and read as more than one, which takes long.
  static unsigned TagOf(Hash64 hash) noexcept {
    const unsigned tag = hash & 0xff;
    return tag == TagGroup::kEmpty ? 1 : tag;
  }
  Probe ProbeOf(Hash64 hash) const noexcept {
    return {static_cast<std::size_t>(hash >> 8) & mask_, mask_};
  }
  T* RoomAt(Place place) const noexcept {
    return reinterpret_cast<T*>(slots_) + (place.group * TagGroup::kSlots + place.slot);
  }
  static unsigned First(unsigned bits) noexcept {
    return static_cast<unsigned>(std::countr_zero(bits));
  }

  // Calls visit(Place) for each element, which it may erase.
  template <class Visit>
  void ForEachPlace(Visit visit) const {
    for (std::size_t group = 0; group <= mask_; ++group) {
      for (unsigned full = groups_[group].MatchFull(); full != 0; full &= full - 1) {
        visit(Place{group, First(full)});
      }
    }
  }

  // Where there is room for one more; Take takes it.
  Place FindRoom(Hash64 hash) const noexcept {
    Probe probe = ProbeOf(hash);
    for (;;) {
      const unsigned empty = groups_[probe.group].MatchEmpty();
      if (empty != 0) [[likely]]
        return {probe.group, First(empty)};
      probe.Next();
    }
  }
  void Take(Hash64 hash, Place place) noexcept {
    const unsigned tag = TagOf(hash);
    for (Probe probe = ProbeOf(hash); probe.group != place.group; probe.Next()) {
      groups_[probe.group].Pass(tag);
    }
    groups_[place.group].tags[place.slot] = static_cast<std::uint8_t>(tag);
    ++size_;
  }
  void Leave(Hash64 hash, Place place) noexcept {
    const unsigned tag = TagOf(hash);
    for (Probe probe = ProbeOf(hash); probe.group != place.group; probe.Next()) {
      groups_[probe.group].Unpass(tag);
    }
    groups_[place.group].tags[place.slot] = std::uint8_t{TagGroup::kEmpty};
    --size_;
  }

  // Moves all into so many groups, a power of two.
  template <class HashOf>
  [[gnu::noinline]] void Rehash(std::size_t groups, HashOf hash_of) {
    FlatTable other;
    other.Allocate(groups);
    if constexpr (noexcept(hash_of(std::declval<const T&>()))) {
      ForEach([&](T& element) { other.Adopt(hash_of(std::as_const(element)), element); });
    } else if (size_ > 0) {
      // All hashes first: if one throws, nothing has moved.
      const PlatformArray<Hash64, Platform> hashes(size_);
      Hash64* hash = hashes.begin();
      ForEach([&](T& element) { *hash++ = hash_of(std::as_const(element)); });
      hash = hashes.begin();
      ForEach([&](T& element) { other.Adopt(*hash++, element); });
    }
    Swap(other);
    // `other` destroys what was moved from.
  }
  void Adopt(Hash64 hash, T& element) noexcept {
    const Place place = FindRoom(hash);
    std::construct_at(RoomAt(place), std::move(element));
    Take(hash, place);
  }

  // If this throws, the destructor sees to what there is.
  void Allocate(std::size_t groups) {
    groups_ = Platform::template CreateArray<TagGroup>(groups);
    mask_ = groups - 1;
    slots_ = Platform::template CreateArray<Slot>(groups * TagGroup::kSlots);
    limit_ = LimitOf(groups);
  }

  TagGroup* groups_ = const_cast<TagGroup*>(&kNoGroup);
  Slot* slots_ = nullptr;
  std::size_t mask_ = 0;  // how many groups there are, less 1
  std::size_t size_ = 0;
  std::size_t limit_ = 0;  // grows when it has so many elements
};

}  // namespace ashlar::internal

#endif  // ASHLAR_CONCURRENCY_INTERNAL_FLAT_TABLE_H_
