// fifo.h
// ------
// DeduceFifo: what the items of a first-in-first-out queue say about the order of its
// operations, if no item is pushed twice.
//
// If two pushes overlap, only the pops tell which came first, perhaps much later; a search
// that finds out by trying is lost in histories with many items in the queue. These rules
// tell it at once ("<": in the order; "->": added to it), until they add nothing more:
//
//   push(x) -> pop(x)
//   push(x) < push(y)  makes  pop(x) -> pop(y)
//   pop(x) < pop(y)    makes  push(x) -> push(y)
//   push(x) < empty    makes  pop(x) -> empty     (a pop that found nothing)
//   empty < pop(x)     makes  empty -> push(x)
//   push(x) -> push(y), empty -> push(y)  if x was popped and y never was
//
// Every sequence that the queue allows agrees with what is added. The idea is that of
// M. Emmi, C. Enea, J. Hamza, "Monitoring refinement via symbolic reasoning", PLDI 2015.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_FIFO_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_FIFO_H_

#include <optional>
#include <span>

#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability {

// An operation on a queue. Items are numbers from 0.
struct FifoOperation {
  enum class Kind {
    kPush,     // of `item`; also one that is pending
    kPop,      // of `item`; if it is pending, it is the only one that may do that
    kEmpty,    // a pop that found nothing
    kUnknown,  // a pop that is pending
    kNothing,  // it did not change the queue
  };
  Kind kind = Kind::kNothing;
  int item = 0;

  static FifoOperation Push(int item) { return {Kind::kPush, item}; }
  static FifoOperation Pop(int item) { return {Kind::kPop, item}; }
  static FifoOperation EmptyPop() { return {Kind::kEmpty, 0}; }
  static FifoOperation UnknownPop() { return {Kind::kUnknown, 0}; }
  static FifoOperation Nothing() { return {}; }
};

// `order` with what the rules add; as it is if an item is pushed twice. Nothing if no
// sequence can agree: also if an item is popped twice, or was never pushed.
std::optional<Order> DeduceFifo(const Order& order, std::span<const FifoOperation> operations);

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_FIFO_H_
