// sharded_map.h
// -------------
// ShardedMap: a hash map for any number of threads. Values are visited where they lie.
//
//   ShardedMap<std::string, Session> sessions;
//   sessions.TryEmplace(user, connection);                               // false: is there already
//   sessions.Visit("ann", [](const std::string&, Session& s) { s.Touch(); });
//   sessions.InsertOrVisit(word, 1, [](const std::string&, int& n) { ++n; });
//   sessions.EraseIf([now](const std::string&, const Session& s) { return s.end < now; });
//
// The keys are dealt out to shards, by bits of their hash that nothing else uses; each shard is
// an open-addressing table under a lock of its own (spin_park_mutex.h). There are no iterators
// and no references into the map: a visitor has the value for itself while it runs.
//
// When to use: caches, registries, counts, kept by several threads. When not: one thread, or
// one that writes and others that wait for it; keys in order; readers that may take long, or
// block, in a visitor; and where a copy that is replaced as a whole would do.
//
// Guarantees. Calls with one key are linearizable: each takes effect at one moment between its
// begin and its end, and what precedes it happens before what follows a later call with that key.
// Calls that go through the map (VisitAll, EraseIf, Clear ...) take shard after shard, each of
// them at one moment: they come to what is there all the time exactly once, and perhaps to what
// comes or goes meanwhile.
//
// What runs under the lock: visitors and conditions, Eq, and the constructors, assignments and
// destructors of K and V, but for those of arguments and of what Clear destroys. They must not
// call the same map, which would wait for itself for ever; and while they take long, all calls to
// keys of that shard wait.
//
// Parameters: K and V can be destroyed without throwing; what else they can do is only asked for by
// the members that need it, so either may be move-only, or neither move nor copy. Hash and Eq are
// called as const, by many threads at once; keys that are equal have equal hashes. A hash that
// differs is enough, it need not look random: it is mixed. If Hash and Eq have is_transparent, as
// the default has for strings, keys are looked up by whatever both take.
// Shards are 64 bytes each; take some for each thread, so that two seldom want the same.
// Thread safety: any member from any thread, but for the destructor.
// Progress: blocking. A thread that is stopped in a call holds up those that come to its shard.
// Memory: an array of slots for K and V, 1.1 bytes more each, of which 6/7 are in use at most, and
// 3/7 at least where nothing was erased. Elements lie elsewhere, one by one, if a move of K or V
// can throw. What is erased leaves its room to what comes; Clear gives it back.
// Errors: std::bad_alloc; what Hash, Eq, K and V throw passes through. In each case the map is as
// it was, and unlocked, but for the value that an assignment or a visitor had begun to change,
// and calls that go through the map, which stop where they are.
// Cost: one exchange and one store for the lock, 1.1 groups of 16 bytes for the search, and the
// element. Growing a shard takes the time of inserting all it has, under its lock.
//
// Source: striped hash tables; the visitors are those of J. López Muñoz,
// boost::concurrent_flat_map, 2023.
#ifndef ASHLAR_CONCURRENCY_SHARDED_MAP_H_
#define ASHLAR_CONCURRENCY_SHARDED_MAP_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/internal/flat_table.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"
#include "ashlar/concurrency/spin_park_mutex.h"

namespace ashlar {

// std::hash; strings also by what is like them.
template <class K>
struct ShardedMapHash : std::hash<K> {};
template <>
struct ShardedMapHash<std::string> : std::hash<std::string_view> {
  using is_transparent = void;
};

namespace internal_sharded_map {

// What keys are looked up by: a Q, if Hash and Eq take it, else a K.
template <bool kTransparent>
struct KeyArgument {
  template <class Q, class K>
  using Type = K;
};
template <>
struct KeyArgument<true> {
  template <class Q, class K>
  using Type = Q;
};

}  // namespace internal_sharded_map

template <class K, class V, class Hash = ShardedMapHash<K>, class Eq = std::equal_to<>,
          class Platform = StdPlatform>
class ShardedMap {
  static_assert(std::is_object_v<K> && std::is_object_v<V>);
  static_assert(std::is_nothrow_destructible_v<K> && std::is_nothrow_destructible_v<V>);

  static constexpr bool kTransparent = requires {
    typename Hash::is_transparent;
    typename Eq::is_transparent;
  };
  template <class Q>
  using KeyArgument = typename internal_sharded_map::KeyArgument<kTransparent>::template Type<Q, K>;

 public:
  static constexpr std::size_t kDefaultShards = 64;
  static constexpr std::size_t kMostShards = std::size_t{1} << 16;

  // `shards` is rounded up to a power of two, and to at least 1. More than kMostShards fail a
  // check.
  explicit ShardedMap(std::size_t shards = kDefaultShards, Hash hash = Hash(), Eq eq = Eq())
      : shards_(RoundUp(shards)),
        mask_(shards_.size() - 1),
        hash_(std::move(hash)),
        eq_(std::move(eq)) {}

  // No other thread may use the map any more.
  ~ShardedMap() = default;

  ShardedMap(const ShardedMap&) = delete;
  ShardedMap& operator=(const ShardedMap&) = delete;

  // ---- One key.

  // Calls visit(const K&, V&) if the key is there; in a const map, visit(const K&, const V&).
  // Whether it is.
  template <class Q = K, class F>
  bool Visit(const KeyArgument<Q>& key, F&& visit) {
    const Hash64 hash = HashOf(key);
    Shard& shard = ShardOf(hash);
    const Hold hold(shard);
    Element* const element = shard.table.Write().Find(hash, EqualTo(key));
    if (element != nullptr) visit(element->Key(), element->Value());
    return element != nullptr;
  }
  template <class Q = K, class F>
  bool Visit(const KeyArgument<Q>& key, F&& visit) const {
    const Hash64 hash = HashOf(key);
    Shard& shard = ShardOf(hash);
    const Hold hold(shard);
    const Element* const element = shard.table.Read().Find(hash, EqualTo(key));
    if (element != nullptr) visit(element->Key(), element->Value());
    return element != nullptr;
  }

  // A copy of the value, or nothing.
  template <class Q = K>
  std::optional<V> Get(const KeyArgument<Q>& key) const {
    std::optional<V> copy;
    Visit<Q>(key, [&copy](const K&, const V& value) { copy.emplace(value); });
    return copy;
  }

  template <class Q = K>
  bool Contains(const KeyArgument<Q>& key) const {
    return Visit<Q>(key, [](const K&, const V&) {});
  }

  // Makes a value of `arguments` for a key that is not there. False if it is: then the key and the
  // arguments are as they were.
  template <class Q = K, class... Arguments>
  bool TryEmplace(Q&& key, Arguments&&... arguments) {
    return Add(
        AsKey(std::forward<Q>(key)), [](const K&, V&) {}, std::forward<Arguments>(arguments)...);
  }

  // The same of `value`; if the key is there, calls visit(const K&, V&).
  template <class Q = K, class W = V, class F>
  bool InsertOrVisit(Q&& key, W&& value, F&& visit) {
    return Add(AsKey(std::forward<Q>(key)), visit, std::forward<W>(value));
  }

  // The same; if the key is there, assigns `value`.
  template <class Q = K, class W = V>
  bool InsertOrAssign(Q&& key, W&& value) {
    return Add(
        AsKey(std::forward<Q>(key)), [&value](const K&, V& old) { old = std::forward<W>(value); },
        std::forward<W>(value));
  }

  // Whether the key was there.
  template <class Q = K>
  bool Erase(const KeyArgument<Q>& key) {
    return EraseIf<Q>(key, [](const K&, V&) { return true; });
  }

  // Erases the key if it is there and condition(const K&, V&) is true. Whether it did.
  template <class Q = K, class F>
  bool EraseIf(const KeyArgument<Q>& key, F&& condition) {
    const Hash64 hash = HashOf(key);
    Shard& shard = ShardOf(hash);
    const Hold hold(shard);
    Table& table = shard.table.Write();
    const typename Table::Place place = table.Locate(hash, EqualTo(key));
    if (place.IsNowhere()) return false;
    Element& element = table.At(place);
    if (!condition(element.Key(), element.Value())) return false;
    table.Erase(place, hash);
    shard.PublishSize(table);
    return true;
  }

  // Erases the key. Its value, moved out of the map, or nothing if there was none.
  template <class Q = K>
  std::optional<V> Extract(const KeyArgument<Q>& key) {
    std::optional<V> value;
    EraseIf<Q>(key, [&value](const K&, V& old) {
      value.emplace(std::move(old));
      return true;
    });
    return value;
  }

  // ---- All keys, shard after shard.

  // Calls visit(const K&, V&) for each element; in a const map, visit(const K&, const V&).
  template <class F>
  void VisitAll(F&& visit) {
    for (std::size_t shard = 0; shard < ShardCount(); ++shard) VisitShard(shard, visit);
  }
  template <class F>
  void VisitAll(F&& visit) const {
    for (std::size_t shard = 0; shard < ShardCount(); ++shard) VisitShard(shard, visit);
  }

  // The same for those of one shard, so that several threads can share the work. All of its
  // elements are seen as they are at one moment.
  template <class F>
  void VisitShard(std::size_t index, F&& visit) {
    Shard& shard = ShardAt(index);
    const Hold hold(shard);
    shard.table.Write().ForEach([&](Element& element) { visit(element.Key(), element.Value()); });
  }
  template <class F>
  void VisitShard(std::size_t index, F&& visit) const {
    Shard& shard = ShardAt(index);
    const Hold hold(shard);
    shard.table.Read().ForEach(
        [&](const Element& element) { visit(element.Key(), element.Value()); });
  }

  // Erases all for which condition(const K&, V&). How many they were.
  template <class F>
  std::size_t EraseIf(F&& condition) {
    std::size_t erased = 0;
    for (Shard& shard : shards_) {
      const Hold hold(shard);
      Table& table = shard.table.Write();
      const PublishAtEnd publish(shard, table);
      erased += table.EraseIf(HashOfElement(), [&](Element& element) -> bool {
        return condition(element.Key(), element.Value());
      });
    }
    return erased;
  }

  // Erases all, and gives their memory back. Destructors run after the shard was unlocked.
  void Clear() noexcept {
    for (Shard& shard : shards_) {
      Table cleared;
      const Hold hold(shard);
      shard.table.Write().Swap(cleared);
      shard.PublishSize(shard.table.Read());
    }
  }

  // Makes room for `count` elements in all, so that few shards or none grow before.
  void Reserve(std::size_t count) {
    // Their numbers differ by chance; this is more than three standard deviations.
    std::size_t each = count / ShardCount();
    each += each / 8 + 8;
    for (Shard& shard : shards_) {
      const Hold hold(shard);
      shard.table.Write().Reserve(each, HashOfElement());
    }
  }

  // How many elements there were a moment ago, without locking.
  std::size_t SizeApprox() const noexcept {
    std::size_t size = 0;
    for (const Shard& shard : shards_) size += shard.size.load(std::memory_order_relaxed);
    return size;
  }

  std::size_t ShardCount() const noexcept { return mask_ + 1; }

  // How the hash deals keys out. For tests of a hash, and for dashboards.
  struct Spread {
    std::size_t size = 0;
    std::size_t largest_shard = 0;
    // Groups of slots that looking for each key once would pass over in vain. Up to 0.6 of
    // `size` is as it should be.
    std::size_t detours = 0;
  };
  Spread MeasureSpread() const {
    Spread spread;
    for (Shard& shard : shards_) {
      const Hold hold(shard);
      const Table& table = shard.table.Read();
      spread.size += table.size();
      if (table.size() > spread.largest_shard) spread.largest_shard = table.size();
      spread.detours += table.Detours();
    }
    return spread;
  }

 private:
  using Hash64 = internal::Hash64;

  struct Entry {
    template <class Q, class... Arguments>
    explicit Entry(Q&& k, Arguments&&... arguments)
        : key(std::forward<Q>(k)), value(std::forward<Arguments>(arguments)...) {}
    K key;
    V value;
  };

  // What the table moves about: the entry,
  class Inline {
   public:
    template <class... Arguments>
    explicit Inline(std::in_place_t, Arguments&&... arguments)
        : entry_(std::forward<Arguments>(arguments)...) {}
    const K& Key() const noexcept { return entry_.key; }
    V& Value() noexcept { return entry_.value; }
    const V& Value() const noexcept { return entry_.value; }

   private:
    Entry entry_;
  };

  // or, if its move can throw, a pointer to it.
  class Boxed {
   public:
    template <class... Arguments>
    explicit Boxed(std::in_place_t, Arguments&&... arguments)
        : entry_(Platform::template Create<Entry>(std::forward<Arguments>(arguments)...)) {}
    Boxed(Boxed&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
    ~Boxed() {
      if (entry_ != nullptr) Platform::Destroy(entry_);
    }
    const K& Key() const noexcept { return entry_->key; }
    V& Value() noexcept { return entry_->value; }
    const V& Value() const noexcept { return entry_->value; }

   private:
    Entry* entry_;
  };

  using Element = std::conditional_t<std::is_nothrow_move_constructible_v<K> &&
                                         std::is_nothrow_move_constructible_v<V>,
                                     Inline, Boxed>;
  using Table = internal::FlatTable<Element, Platform>;

  // A line of its own, in which the lock and what it guards lie side by side.
  struct alignas(Platform::kCacheLine) Shard {
    // relaxed: for SizeApprox alone.
    void PublishSize(const Table& t) noexcept { size.store(t.size(), std::memory_order_relaxed); }

    SpinParkMutex<Platform> mutex;
    typename Platform::template Atomic<std::size_t> size{0};
    typename Platform::template Var<Table> table;
  };

  class Hold {
   public:
    explicit Hold(Shard& shard) noexcept : mutex_(shard.mutex) { mutex_.lock(); }
    ~Hold() { mutex_.unlock(); }
    Hold(const Hold&) = delete;

   private:
    SpinParkMutex<Platform>& mutex_;
  };

  class PublishAtEnd {
   public:
    PublishAtEnd(Shard& shard, const Table& table) noexcept : shard_(shard), table_(table) {}
    ~PublishAtEnd() { shard_.PublishSize(table_); }
    PublishAtEnd(const PublishAtEnd&) = delete;

   private:
    Shard& shard_;
    const Table& table_;
  };

  template <class Q, class F, class... Arguments>
  bool Add(Q&& key, F&& visit, Arguments&&... arguments) {
    const Hash64 hash = HashOf(key);
    Shard& shard = ShardOf(hash);
    const Hold hold(shard);
    Table& table = shard.table.Write();
    if (Element* const element = table.Find(hash, EqualTo(key))) {
      visit(element->Key(), element->Value());
      return false;
    }
    table.Add(hash, HashOfElement(), std::in_place, std::forward<Q>(key),
              std::forward<Arguments>(arguments)...);
    shard.PublishSize(table);
    return true;
  }

  // What Hash and Eq take as it is, all else as a K.
  template <class Q>
  static std::conditional_t<kTransparent || std::is_same_v<std::remove_cvref_t<Q>, K>, Q&&, K>
  AsKey(Q&& key) {
    return std::forward<Q>(key);
  }

  template <class Q>
  auto EqualTo(const Q& key) const {
    return [this, &key](const Element& element) -> bool { return eq_(element.Key(), key); };
  }

  template <class Q>
  Hash64 HashOf(const Q& key) const noexcept(noexcept(std::declval<const Hash&>()(key))) {
    return Mix(static_cast<Hash64>(hash_(key)));
  }
  auto HashOfElement() const {
    return [this](const Element& element) noexcept(noexcept(std::declval<const Hash&>()(
               std::declval<const K&>()))) { return HashOf(element.Key()); };
  }

  // Both halves of a product: each bit of the hash tells in the highest ones, which choose the
  // shard, and in the lowest, which are the table's. So neither says anything about the other.
  static Hash64 Mix(Hash64 hash) noexcept {
    __extension__ typedef unsigned __int128 Product;
    const Product product = Product{hash} * 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
    return static_cast<Hash64>(product) ^ static_cast<Hash64>(product >> 64);
  }

  static_assert(std::size_t{1} << (64 - Table::kHashBits) == kMostShards);
  Shard& ShardOf(Hash64 hash) const noexcept {
    return shards_[static_cast<std::size_t>(hash >> Table::kHashBits) & mask_];
  }
  Shard& ShardAt(std::size_t index) const {
    ASHLAR_CHECK(index < ShardCount(), "there is no shard of that index");
    return shards_[index];
  }

  static std::size_t RoundUp(std::size_t shards) {
    ASHLAR_CHECK(shards <= kMostShards, "a ShardedMap has at most 65536 shards");
    return std::bit_ceil(shards);
  }

  const PlatformArray<Shard, Platform> shards_;
  const std::size_t mask_;
  [[no_unique_address]] const Hash hash_;
  [[no_unique_address]] const Eq eq_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_SHARDED_MAP_H_
