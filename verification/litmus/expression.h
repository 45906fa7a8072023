// expression.h
// ------------
// Expression: integer arithmetic over a thread's registers, as litmus programs write it.
//
//   1    a+b*2    not (a == 1 and b <= 2)    a - 1 if a else 7
//
// Numbers, registers, + - *, == != < <= > >=, and, or, not, parentheses, and the
// conditional; they bind as in Python, and `and` and `or` give an operand, as there.
// Comparisons give 1 or 0, and do not chain. Arithmetic wraps around.
#ifndef ASHLAR_VERIFICATION_LITMUS_EXPRESSION_H_
#define ASHLAR_VERIFICATION_LITMUS_EXPRESSION_H_

#include <cstdint>
#include <vector>

namespace ashlar::verification::litmus {

class Expression {
 public:
  enum class Kind : std::uint8_t {
    kNumber,    // value
    kRegister,  // value: its number
    kNegate,    // of left
    kNot,
    kAdd,  // left, right
    kSubtract,
    kMultiply,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kAnd,
    kOr,
    kConditional,  // left if condition else right
  };

  // Adds a node over nodes that were added before; the last one is the whole.
  int AddLeaf(Kind kind, std::int64_t value) { return AddNode({kind, 0, 0, 0, value}); }
  int Add(Kind kind, int left, int right = 0, int condition = 0) {
    return AddNode({kind, left, right, condition, 0});
  }

  bool Empty() const { return nodes_.empty(); }
  std::int64_t Evaluate(const std::int64_t* registers) const {
    return Evaluate(nodes_.back(), registers);
  }

 private:
  struct Node {
    Kind kind;
    int left;
    int right;
    int condition;
    std::int64_t value;
  };

  int AddNode(const Node& node) {
    nodes_.push_back(node);
    return static_cast<int>(nodes_.size()) - 1;
  }
  std::int64_t Evaluate(const Node& node, const std::int64_t* registers) const;

  std::vector<Node> nodes_;
};

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_EXPRESSION_H_
