#include "ashlar/verification/litmus/expression.h"

namespace ashlar::verification::litmus {

std::int64_t Expression::Evaluate(const Node& node, const std::int64_t* registers) const {
  const auto value_of = [&](int index) { return Evaluate(nodes_[index], registers); };
  switch (node.kind) {
    case Kind::kNumber:
      return node.value;
    case Kind::kRegister:
      return registers[node.value];
    case Kind::kNot:
      return value_of(node.left) == 0;
    case Kind::kAnd: {
      const std::int64_t left = value_of(node.left);
      return left == 0 ? left : value_of(node.right);
    }
    case Kind::kOr: {
      const std::int64_t left = value_of(node.left);
      return left != 0 ? left : value_of(node.right);
    }
    case Kind::kConditional:
      return value_of(value_of(node.condition) != 0 ? node.left : node.right);
    case Kind::kNegate:
      return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(value_of(node.left)));
    default:
      break;
  }
  const std::int64_t left = value_of(node.left);
  const std::int64_t right = value_of(node.right);
  // Unsigned, since that wraps around.
  const auto l = static_cast<std::uint64_t>(left);
  const auto r = static_cast<std::uint64_t>(right);
  switch (node.kind) {
    case Kind::kAdd:
      return static_cast<std::int64_t>(l + r);
    case Kind::kSubtract:
      return static_cast<std::int64_t>(l - r);
    case Kind::kMultiply:
      return static_cast<std::int64_t>(l * r);
    case Kind::kEqual:
      return left == right;
    case Kind::kNotEqual:
      return left != right;
    case Kind::kLess:
      return left < right;
    case Kind::kLessEqual:
      return left <= right;
    case Kind::kGreater:
      return left > right;
    default:
      return left >= right;  // kGreaterEqual
  }
}

}  // namespace ashlar::verification::litmus
