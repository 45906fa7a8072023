// generator.h
// -----------
// Generator<T>: a coroutine that gives a sequence of values, each when it is asked for.
//
//   Generator<int> Squares(int count) {
//     for (int i = 0; i < count; ++i) co_yield i * i;
//   }
//
//   for (int square : Squares(5)) Use(square);
//
// When to use: a sequence that is easier to walk through than to store: of a tree, of lines,
// without end. When not: it has to wait for something; that is a Task (task.h).
//
// Contract. It is an input range, walked once. T is an object type: begin() and ++ run the
// coroutine to its next co_yield, and * is a reference to the value there, which may be changed, or
// moved from, and lives until the next ++. What the coroutine throws comes out of begin() or ++,
// and ends the sequence. A generator that is destroyed before its end is left where it is, and what
// it has in its scopes is destroyed. It does not co_await.
//
// Thread safety: as any value. Cost: a frame from the thread's pool, which is freed with the
// generator, and a call a value. Errors: std::bad_alloc, from the call that makes it.
#ifndef ASHLAR_SCHEDULING_GENERATOR_H_
#define ASHLAR_SCHEDULING_GENERATOR_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/scheduling/internal/frame_pool.h"

namespace ashlar {

template <class T>
class [[nodiscard]] Generator {
  static_assert(std::is_object_v<T> && std::is_same_v<T, std::decay_t<T>>);

 public:
  class promise_type;
  class iterator;

  // Of nothing: only to be assigned to, or destroyed.
  Generator() = default;
  Generator(Generator&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept {
    Generator taken(std::move(other));
    std::swap(coroutine_, taken.coroutine_);
    return *this;
  }
  ~Generator() {
    if (coroutine_) coroutine_.destroy();
  }

  // Once.
  iterator begin() {
    ASHLAR_CHECK(coroutine_ != nullptr, "a generator of nothing, or one that was moved from");
    ASHLAR_CHECK(coroutine_.promise().StartsNow(), "a generator is walked once");
    iterator first(coroutine_);
    ++first;
    return first;
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Coroutine = std::coroutine_handle<promise_type>;
  explicit Generator(Coroutine coroutine) noexcept : coroutine_(coroutine) {}

  Coroutine coroutine_;
};

template <class T>
class Generator<T>::promise_type {
 public:
  static void* operator new(std::size_t bytes) { return internal::AllocateFrame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    internal::FreeFrame(frame, bytes);
  }

  Generator get_return_object() noexcept { return Generator(Coroutine::from_promise(*this)); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }

  // It lives as long as the coroutine is suspended.
  std::suspend_always yield_value(T& value) noexcept {
    value_ = std::addressof(value);
    return {};
  }
  std::suspend_always yield_value(T&& value) noexcept {
    value_ = std::addressof(value);
    return {};
  }
  // A copy of it, as it may be changed.
  auto yield_value(const T& value) {
    struct Copied {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> coroutine) noexcept {
        coroutine.promise().value_ = std::addressof(copy);
      }
      void await_resume() const noexcept {}
      T copy;
    };
    return Copied{value};
  }

  void return_void() const noexcept {}
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }
  void await_transform() = delete;

 private:
  friend Generator;
  friend iterator;

  bool StartsNow() noexcept { return !std::exchange(started_, true); }

  T* value_ = nullptr;
  std::exception_ptr exception_;
  bool started_ = false;
};

template <class T>
class Generator<T>::iterator {
 public:
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  iterator() = default;
  iterator(iterator&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  iterator& operator=(iterator&& other) noexcept {
    coroutine_ = std::exchange(other.coroutine_, nullptr);
    return *this;
  }

  T& operator*() const noexcept { return *coroutine_.promise().value_; }
  iterator& operator++() {
    coroutine_.resume();
    if (coroutine_.done() && coroutine_.promise().exception_ != nullptr) {
      std::rethrow_exception(std::exchange(coroutine_.promise().exception_, nullptr));
    }
    return *this;
  }
  void operator++(int) { ++*this; }

  friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept {
    return it.coroutine_.done();
  }

 private:
  friend Generator;
  explicit iterator(Coroutine coroutine) noexcept : coroutine_(coroutine) {}

  Coroutine coroutine_;
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_GENERATOR_H_
