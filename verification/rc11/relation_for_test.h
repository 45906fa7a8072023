// relation_for_test.h
// -------------------
// Relation: a relation on a few events, with the operators that memory models are
// written in. Slow and plain: the oracle's formulas are to look like those of the paper.
#ifndef ASHLAR_VERIFICATION_RC11_RELATION_FOR_TEST_H_
#define ASHLAR_VERIFICATION_RC11_RELATION_FOR_TEST_H_

#include <bit>
#include <cstdint>

namespace ashlar::verification::rc11 {

// Bit i is event i.
using Events = std::uint32_t;

class Relation {
 public:
  static constexpr int kMaxEvents = 24;

  explicit Relation(int events) : size_(events) {}

  void Add(int a, int b) { rows_[a] |= Events{1} << b; }
  bool Has(int a, int b) const { return rows_[a] >> b & 1; }

  friend Relation operator|(Relation a, const Relation& b) {
    for (int i = 0; i < a.size_; ++i) a.rows_[i] |= b.rows_[i];
    return a;
  }
  friend Relation operator&(Relation a, const Relation& b) {
    for (int i = 0; i < a.size_; ++i) a.rows_[i] &= b.rows_[i];
    return a;
  }
  friend Relation operator-(Relation a, const Relation& b) {
    for (int i = 0; i < a.size_; ++i) a.rows_[i] &= ~b.rows_[i];
    return a;
  }
  // a; b
  friend Relation operator*(const Relation& a, const Relation& b) {
    Relation result(a.size_);
    for (int i = 0; i < a.size_; ++i) {
      for (Events rest = a.rows_[i]; rest != 0; rest &= rest - 1) {
        result.rows_[i] |= b.rows_[std::countr_zero(rest)];
      }
    }
    return result;
  }
  Relation Inverse() const {
    Relation result(size_);
    for (int i = 0; i < size_; ++i) {
      for (int j = 0; j < size_; ++j) {
        if (Has(i, j)) result.Add(j, i);
      }
    }
    return result;
  }
  // r?
  Relation Optional() const {
    Relation result = *this;
    for (int i = 0; i < size_; ++i) result.Add(i, i);
    return result;
  }
  // r+
  Relation Plus() const {
    Relation result = *this;
    for (int k = 0; k < size_; ++k) {
      for (int i = 0; i < size_; ++i) {
        if (result.Has(i, k)) result.rows_[i] |= result.rows_[k];
      }
    }
    return result;
  }
  // r*
  Relation Star() const { return Plus().Optional(); }

  bool Empty() const {
    for (int i = 0; i < size_; ++i) {
      if (rows_[i] != 0) return false;
    }
    return true;
  }
  bool Irreflexive() const {
    for (int i = 0; i < size_; ++i) {
      if (Has(i, i)) return false;
    }
    return true;
  }
  bool Acyclic() const { return Plus().Irreflexive(); }

  // [events]
  static Relation Identity(int size, Events events) {
    Relation result(size);
    for (int i = 0; i < size; ++i) {
      if (events >> i & 1) result.Add(i, i);
    }
    return result;
  }

 private:
  int size_;
  Events rows_[kMaxEvents] = {};
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_RELATION_FOR_TEST_H_
