// hazard_pointer.h
// ----------------
// HazardDomain, HazardPointer: single objects that readers hold back from being freed.
//
//   struct Config : HazardObject<Config> { ... };   // what can be protected and retired
//
//   HazardPointer hazard = MakeHazardPointer();     // a reader's; kept, not made for each look
//   const Config* config = hazard.Protect(current); // std::atomic<Config*>
//   Use(*config);                                   // for as long as one likes
//   hazard.ResetProtection();
//
//   current.exchange(fresh)->Retire();              // writer: freed when nobody protects it
//
// When to use: few objects are held for long, or by threads that sleep meanwhile: each holds back
// what it protects and nothing else. When not: many short looks along linked structures, where a
// pin of epoch_reclamation.h costs as much as one Protect and is for all; a lock would do.
//
// Contract. This is the shape of P2530 (C++26), in our names. An object is not freed while a hazard
// pointer protects it that did so when it was still in the source that it was found in.
// Protect(source) returns what is in `source` when it is protected already; TryProtect tells
// whether that is still `object`. ResetProtection(object) protects without a look, what is retired
// later only: so a protection cannot be copied from one hazard pointer to another; swap them. What
// the reader did before a protection's end happens before the deleter. Retire only what no new
// reader can find, and once. Domains know nothing of each other: an object is retired to the domain
// whose pointers protect it.
//
// Parameters: FencePolicy (fence_policy.h) says who pays for a protection's store-load order; by
// default Protect is free of fences and each Collect has a membarrier(2). `batch`: so many objects,
// and two for each hazard pointer, are retired before they are looked at together.
// Thread safety: domains and Retire are anybody's; a HazardPointer is one thread's at a time.
// Progress: TryProtect and ResetProtection are wait-free, Protect and Retire lock-free. Nothing
// waits for a reader.
// Memory: at most `batch` and three objects for each hazard pointer there ever was at a time wait
// to be freed, and those that are being looked at. A hazard pointer has a cache line.
// Errors: MakeHazardPointer throws std::bad_alloc. Retire does not throw: objects have room for all
// that it needs, two words. Deleters that may throw do not compile; they may retire more. Checked
// in every build: a hazard pointer that outlives its domain. Cost: Protect is two loads and a
// store, and on x86 no locked instruction. Retire has two, and a batch a heavy fence, and for each
// object a look at each hazard pointer.
//
// Source: M. M. Michael, "Hazard pointers: safe memory reclamation for lock-free objects", 2004.
#ifndef ASHLAR_CONCURRENCY_HAZARD_POINTER_H_
#define ASHLAR_CONCURRENCY_HAZARD_POINTER_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"

namespace ashlar {

template <class Platform = StdPlatform, class FencePolicy = AsymmetricFencePolicy>
class BasicHazardDomain {
 public:
  class Pointer;
  class Base;

  // Deletes by the platform.
  struct Delete {
    template <class T>
    void operator()(T* object) const noexcept(std::is_nothrow_destructible_v<T>) {
      Platform::Destroy(object);
    }
  };

  template <class T, class Deleter = Delete>
  class Object;

  explicit BasicHazardDomain(std::size_t batch = 64) : batch_(batch) {}

  // No hazard pointer may be left. Frees what is.
  ~BasicHazardDomain() {
    Record* record = records_.load(std::memory_order_relaxed);
    for (Record* each = record; each != nullptr; each = each->next.Read()) {
      ASHLAR_CHECK(!each->in_use.load(std::memory_order_relaxed),
                   "a hazard pointer outlives its domain");
    }
    while (Base* const list = TakeRetired()) FreeAll(list);
    while (record != nullptr) Platform::Destroy(std::exchange(record, record->next.Read()));
  }

  BasicHazardDomain(const BasicHazardDomain&) = delete;
  BasicHazardDomain& operator=(const BasicHazardDomain&) = delete;

  Pointer MakePointer() { return Pointer(Join()); }

  // Frees what was retired and nobody protects.
  void Collect() noexcept {
    Base* object = TakeRetired();
    if (object == nullptr) return;
    // Between what was taken out and the look at the hazards: pairs with TryProtect's.
    FencePolicy::template Cold<Platform>();
    Base* free = nullptr;
    while (object != nullptr) {
      Base* const next = object->link_.Read().next;
      if (IsProtected(object)) {
        PutRetired(object);
      } else {
        object->link_.Write().next = std::exchange(free, object);
      }
      object = next;
    }
    // Last, as their deleters may retire more.
    FreeAll(free);
  }

  // Objects retired and not yet freed, a moment ago.
  std::size_t Garbage() const noexcept { return garbage_.load(std::memory_order_relaxed); }

 private:
  struct Record;

  Record* Join() {
    // (1) acquire: the records. Pairs with (2).
    for (Record* record = records_.load(std::memory_order_acquire); record != nullptr;
         record = record->next.Read()) {
      // (8) acquire: the owner before has reset it. Pairs with (9).
      if (!record->in_use.load(std::memory_order_relaxed) &&
          !record->in_use.exchange(true, std::memory_order_acquire)) {
        return record;
      }
    }
    Record* const record = Platform::template Create<Record>();
    pointers_.fetch_add(1, std::memory_order_relaxed);
    Record* first = records_.load(std::memory_order_relaxed);
    do {
      record->next.Write() = first;
      // (2) release: publishes the record. Pairs with (1) and (3).
    } while (!records_.compare_exchange_weak(first, record, std::memory_order_release,
                                             std::memory_order_relaxed));
    return record;
  }

  void Retire(Base* object) noexcept {
    PutRetired(object);
    const std::size_t garbage = garbage_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (garbage >= batch_ + 2 * pointers_.load(std::memory_order_relaxed)) Collect();
  }

  void PutRetired(Base* object) noexcept {
    Base* first = retired_.load(std::memory_order_relaxed);
    do {
      object->link_.Write().next = first;
      // (4) release: the object was taken out, and its link. Pairs with (5).
    } while (!retired_.compare_exchange_weak(first, object, std::memory_order_release,
                                             std::memory_order_relaxed));
  }

  Base* TakeRetired() noexcept {
    if (retired_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    // (5) acquire: pairs with (4).
    return retired_.exchange(nullptr, std::memory_order_acquire);
  }

  bool IsProtected(const Base* object) const noexcept {
    // (3) acquire: the records. Pairs with (2).
    for (const Record* record = records_.load(std::memory_order_acquire); record != nullptr;
         record = record->next.Read()) {
      // (6) acquire: readers are done, and so is all that they did. Pairs with (7).
      if (record->hazard.load(std::memory_order_acquire) == object) return true;
    }
    return false;
  }

  void FreeAll(Base* object) noexcept {
    std::size_t count = 0;
    while (object != nullptr) {
      const typename Base::Link link = object->link_.Read();
      link.reclaim(object);
      object = link.next;
      ++count;
    }
    garbage_.fetch_sub(count, std::memory_order_relaxed);
  }

  const std::size_t batch_;
  typename Platform::template Atomic<Record*> records_{nullptr};
  typename Platform::template Atomic<std::size_t> pointers_{0};  // records

  alignas(Platform::kCacheLine) typename Platform::template Atomic<Base*> retired_{nullptr};
  typename Platform::template Atomic<std::size_t> garbage_{0};
};

// What can be retired, without its type.
template <class Platform, class FencePolicy>
class BasicHazardDomain<Platform, FencePolicy>::Base {
 protected:
  Base() = default;
  // A copy was not retired.
  Base(const Base&) noexcept {}
  Base& operator=(const Base&) noexcept { return *this; }
  ~Base() = default;

 private:
  friend BasicHazardDomain;

  struct Link {
    Base* next = nullptr;
    void (*reclaim)(Base*) noexcept = nullptr;
  };
  typename Platform::template Var<Link> link_;
};

// What a hazard pointer protects. It lives as long as the domain.
template <class Platform, class FencePolicy>
struct alignas(Platform::kCacheLine) BasicHazardDomain<Platform, FencePolicy>::Record {
  typename Platform::template Atomic<const Base*> hazard{nullptr};
  typename Platform::template Atomic<bool> in_use{true};
  typename Platform::template Var<Record*> next;
};

// A reader's.
template <class Platform, class FencePolicy>
class BasicHazardDomain<Platform, FencePolicy>::Pointer {
 public:
  // Empty: all it can do is be assigned to.
  Pointer() noexcept = default;

  Pointer(Pointer&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  Pointer& operator=(Pointer&& other) noexcept {
    Pointer(std::move(other)).Swap(*this);
    return *this;
  }
  ~Pointer() {
    if (record_ == nullptr) return;
    ResetProtection();
    // (9) release: pairs with (8).
    record_->in_use.store(false, std::memory_order_release);
  }

  bool IsEmpty() const noexcept { return record_ == nullptr; }

  // What is in `source` now, protected. It may be null.
  template <class T>
  T* Protect(const typename Platform::template Atomic<T*>& source) noexcept {
    T* object = source.load(std::memory_order_relaxed);  // a guess
    while (!TryProtect(object, source)) {
    }
    return object;
  }

  // Whether `object` is in `source`, and protected; if not, it is what is there instead, and
  // nothing is protected.
  template <class T>
  bool TryProtect(T*& object, const typename Platform::template Atomic<T*>& source) noexcept {
    T* const guess = object;
    ResetProtection(guess);
    // Between the hazard and the look: pairs with the fence in Collect.
    FencePolicy::template Hot<Platform>();
    // acquire: what the object holds. Pairs with whoever put it there.
    object = source.load(std::memory_order_acquire);
    if (object == guess) [[likely]]
      return true;
    ResetProtection();
    return false;
  }

  template <class T>
  void ResetProtection(const T* object) noexcept {
    // (7) release: what the reader did with the object before is done. Pairs with (6).
    record_->hazard.store(object, std::memory_order_release);
  }
  void ResetProtection(std::nullptr_t = nullptr) noexcept {
    // (10) release: as (7).
    record_->hazard.store(nullptr, std::memory_order_release);
  }

  void Swap(Pointer& other) noexcept { std::swap(record_, other.record_); }

 private:
  friend BasicHazardDomain;
  explicit Pointer(Record* record) noexcept : record_(record) {}

  Record* record_ = nullptr;
};

// The base of a T that can be protected and retired. Deleter is an empty type that frees a T.
template <class Platform, class FencePolicy>
template <class T, class Deleter>
class BasicHazardDomain<Platform, FencePolicy>::Object : public Base {
 public:
  // Frees the object when nobody protects it.
  void Retire(BasicHazardDomain& domain) noexcept {
    static_assert(std::derived_from<T, Object>);
    static_assert(std::is_empty_v<Deleter> && std::is_default_constructible_v<Deleter>);
    static_assert(std::is_nothrow_invocable_v<Deleter, T*>);
    this->link_.Write().reclaim = [](Base* base) noexcept {
      Deleter()(static_cast<T*>(static_cast<Object*>(base)));
    };
    domain.Retire(this);
  }
  // To the domain that MakeHazardPointer() is of.
  void Retire() noexcept requires std::same_as<BasicHazardDomain, BasicHazardDomain<>> {
    Retire(Default());
  }

 protected:
  Object() = default;
  ~Object() = default;

 private:
  static BasicHazardDomain& Default();
};

using HazardDomain = BasicHazardDomain<>;
using HazardPointer = HazardDomain::Pointer;
template <class T, class Deleter = HazardDomain::Delete>
using HazardObject = HazardDomain::Object<T, Deleter>;

// The process's, never destroyed.
inline HazardDomain& DefaultHazardDomain() {
  static HazardDomain& domain = *new HazardDomain;
  return domain;
}

inline HazardPointer MakeHazardPointer() { return DefaultHazardDomain().MakePointer(); }

template <class Platform, class FencePolicy>
template <class T, class Deleter>
BasicHazardDomain<Platform, FencePolicy>&
BasicHazardDomain<Platform, FencePolicy>::Object<T, Deleter>::Default() {
  return DefaultHazardDomain();
}

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_HAZARD_POINTER_H_
