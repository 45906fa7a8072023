#include "ashlar/verification/litmus/parser.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "ashlar/verification/rc11/graph.h"

namespace ashlar::verification::litmus {
namespace {

using rc11::Order;
using Kind = Expression::Kind;

// Deeper, an expression is no litmus test but an attack on the stack.
constexpr int kMaxDepth = 100;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool IsKeyword(std::string_view word) {
  return word == "and" || word == "or" || word == "not" || word == "if" || word == "else" ||
         word == "when";
}

// The number of `name` in `names`, which it is added to if it is new.
int Intern(std::string_view name, std::vector<std::string>* names) {
  const auto found = std::find(names->begin(), names->end(), name);
  if (found != names->end()) return static_cast<int>(found - names->begin());
  names->emplace_back(name);
  return static_cast<int>(names->size()) - 1;
}

// Recursive descent. The first error is kept, and every loop ends on it.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<LitmusProgram> Run(ParseError* error) {
    do {
      ParseThread();
    } while (!failed_ && TakeSymbol("||"));
    if (!failed_ && position_ != text_.size()) Fail("expected ';' or '||'");
    if (!failed_ && program_.locations.empty()) Fail("no operation touches a location");
    if (!failed_) return std::move(program_);
    *error = error_;
    return std::nullopt;
  }

 private:
  void ParseThread();
  void ParseStatement();
  void ParseOrders(Statement* statement);
  Order ParseOrder(std::initializer_list<Order> allowed, std::string_view what);
  std::uint8_t ParseLocation();
  int ParseRegister();
  // The rest of the statement, or one operand of several.
  Expression ParseExpression();
  Expression ParseOperand();

  int ParseConditional();
  int ParseOr();
  int ParseAnd();
  int ParseNot();
  int ParseComparison();
  int ParseSum();
  int ParseProduct();
  int ParseUnary();
  int ParsePrimary();

  void Fail(std::string message) {
    if (failed_) return;
    failed_ = true;
    error_ = {position_ + 1, std::move(message)};
  }
  int FailExpression(std::string message) {
    Fail(std::move(message));
    return expression_.AddLeaf(Kind::kNumber, 0);
  }

  char Peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  void SkipBlanks() {
    while (IsBlank(Peek())) ++position_;
  }
  // Blanks end an operand, except in parentheses.
  void SkipBlanksInExpression() {
    if (!in_operand_ || parentheses_ > 0) SkipBlanks();
  }
  std::string_view PeekWord() const {
    if (!IsLetter(Peek())) return {};
    std::size_t end = position_;
    while (end < text_.size() && (IsLetter(text_[end]) || IsDigit(text_[end]))) ++end;
    return text_.substr(position_, end - position_);
  }
  bool TakeSymbol(std::string_view symbol) {
    SkipBlanks();
    return Take(symbol);
  }
  bool Take(std::string_view symbol) {
    if (text_.substr(position_, symbol.size()) != symbol) return false;
    position_ += symbol.size();
    return true;
  }
  bool TakeInExpression(std::string_view symbol) {
    const std::size_t start = position_;
    SkipBlanksInExpression();
    const bool word = IsLetter(symbol[0]);
    if (word ? PeekWord() == symbol : text_.substr(position_, symbol.size()) == symbol) {
      position_ += symbol.size();
      return true;
    }
    position_ = start;
    return false;
  }

  const std::string_view text_;
  std::size_t position_ = 0;
  bool failed_ = false;
  ParseError error_;
  LitmusProgram program_;
  Expression expression_;  // that which is being parsed
  bool in_operand_ = false;
  int parentheses_ = 0;
  int depth_ = 0;
};

void Parser::ParseThread() {
  if (program_.threads.size() == rc11::Graph::kMaxThreads) return Fail("more than 16 threads");
  program_.threads.emplace_back();
  do {
    SkipBlanks();
    // Nothing between two separators is no operation.
    if (Peek() != ';' && Peek() != '|' && Peek() != '\0') ParseStatement();
  } while (!failed_ && TakeSymbol(";"));
  SkipBlanks();
}

void Parser::ParseStatement() {
  Statement statement;
  if (PeekWord() == "when") {
    position_ += 4;
    SkipBlanks();
    if (Peek() != '(') return Fail("expected '(' after 'when'");
    in_operand_ = true;
    statement.guard = ParseOperand();
    if (failed_) return;
    SkipBlanks();
  }
  ParseOrders(&statement);
  if (failed_) return;

  if (statement.kind != Statement::Kind::kFence) statement.location = ParseLocation();
  switch (statement.kind) {
    case Statement::Kind::kFence:
      break;
    case Statement::Kind::kRead:
      statement.target = ParseRegister();
      break;
    case Statement::Kind::kWrite:
      SkipBlanks();
      statement.operand = ParseExpression();
      break;
    case Statement::Kind::kCompareExchange:
      SkipBlanks();
      statement.expected = ParseOperand();
      [[fallthrough]];
    case Statement::Kind::kFetchAdd:
    case Statement::Kind::kExchange:
      SkipBlanks();
      statement.operand = ParseOperand();
      statement.target = ParseRegister();
      break;
  }
  SkipBlanks();
  if (Peek() != ';' && Peek() != '|' && Peek() != '\0') Fail("expected the end of the operation");
  program_.threads.back().statements.push_back(std::move(statement));
}

void Parser::ParseOrders(Statement* statement) {
  using enum Order;
  const std::string_view word = PeekWord();
  const char letter = word.size() == 1 ? word[0] : '\0';
  if (letter == '\0' || std::string_view("RWAXCF").find(letter) == std::string_view::npos) {
    return Fail("expected an operation: R, W, A, X, C, F, or when(...)");
  }
  ++position_;
  switch (letter) {
    case 'R':
      statement->kind = Statement::Kind::kRead;
      statement->order = ParseOrder({kPlain, kRelaxed, kAcquire, kSeqCst}, "a load");
      break;
    case 'W':
      statement->kind = Statement::Kind::kWrite;
      statement->order = ParseOrder({kPlain, kRelaxed, kRelease, kSeqCst}, "a store");
      break;
    case 'F':
      statement->kind = Statement::Kind::kFence;
      statement->order =
          ParseOrder({kRelaxed, kAcquire, kRelease, kAcqRel, kSeqCst, kLight, kHeavy}, "a fence");
      break;
    default:
      statement->kind = letter == 'A'   ? Statement::Kind::kFetchAdd
                        : letter == 'X' ? Statement::Kind::kExchange
                                        : Statement::Kind::kCompareExchange;
      statement->order =
          ParseOrder({kRelaxed, kAcquire, kRelease, kAcqRel, kSeqCst}, "a read-modify-write");
      if (letter == 'C') {
        statement->failure =
            ParseOrder({kRelaxed, kAcquire, kSeqCst}, "the failure of a compare-exchange");
      }
  }
}

Order Parser::ParseOrder(std::initializer_list<Order> allowed, std::string_view what) {
  static constexpr std::string_view kNames[] = {"na", "rlx", "acq",   "rel",
                                                "ar", "sc",  "light", "heavy"};
  if (failed_) return Order::kPlain;
  if (Peek() != '.') {
    Fail("expected '.' and the order of " + std::string(what));
    return Order::kPlain;
  }
  ++position_;
  const std::string_view word = PeekWord();
  for (const Order order : allowed) {
    if (word == kNames[static_cast<int>(order)]) {
      position_ += word.size();
      return order;
    }
  }
  std::string names;
  for (const Order order : allowed) {
    names.append(names.empty() ? "" : ", ").append(kNames[static_cast<int>(order)]);
  }
  Fail(Quoted(word) + " is not an order of " + std::string(what) + " (" + names + ")");
  return Order::kPlain;
}

std::uint8_t Parser::ParseLocation() {
  SkipBlanks();
  const std::string_view name = PeekWord();
  if (name.empty() || IsKeyword(name)) {
    Fail("expected a location");
    return 0;
  }
  const int location = Intern(name, &program_.locations);
  if (location + 1 >= rc11::Graph::kMaxLocations) {
    Fail("more than 127 locations");
    return 0;
  }
  position_ += name.size();
  return static_cast<std::uint8_t>(location);
}

int Parser::ParseRegister() {
  SkipBlanks();
  const std::string_view name = PeekWord();
  if (name.empty() || IsKeyword(name)) {
    Fail("expected a register");
    return 0;
  }
  position_ += name.size();
  return Intern(name, &program_.threads.back().registers);
}

Expression Parser::ParseExpression() {
  in_operand_ = false;
  parentheses_ = depth_ = 0;
  expression_ = Expression();
  ParseConditional();
  return std::move(expression_);
}

Expression Parser::ParseOperand() {
  in_operand_ = true;
  parentheses_ = depth_ = 0;
  expression_ = Expression();
  ParseConditional();
  return std::move(expression_);
}

int Parser::ParseConditional() {
  if (++depth_ > kMaxDepth) return FailExpression("the expression is nested too deeply");
  int value = ParseOr();
  if (TakeInExpression("if")) {
    const int condition = ParseOr();
    if (!TakeInExpression("else")) return FailExpression("expected 'else'");
    const int otherwise = ParseConditional();
    value = expression_.Add(Kind::kConditional, value, otherwise, condition);
  }
  --depth_;
  return value;
}

int Parser::ParseOr() {
  int left = ParseAnd();
  while (!failed_ && TakeInExpression("or")) {
    const int right = ParseAnd();
    left = expression_.Add(Kind::kOr, left, right);
  }
  return left;
}

int Parser::ParseAnd() {
  int left = ParseNot();
  while (!failed_ && TakeInExpression("and")) {
    const int right = ParseNot();
    left = expression_.Add(Kind::kAnd, left, right);
  }
  return left;
}

int Parser::ParseNot() {
  if (!TakeInExpression("not")) return ParseComparison();
  if (++depth_ > kMaxDepth) return FailExpression("the expression is nested too deeply");
  const int operand = ParseNot();
  --depth_;
  return expression_.Add(Kind::kNot, operand);
}

int Parser::ParseComparison() {
  // The longer ones first, of which the shorter are beginnings.
  static constexpr std::pair<std::string_view, Kind> kOperators[] = {
      {"==", Kind::kEqual},        {"!=", Kind::kNotEqual}, {"<=", Kind::kLessEqual},
      {">=", Kind::kGreaterEqual}, {"<", Kind::kLess},      {">", Kind::kGreater}};
  const auto take = [&]() -> std::optional<Kind> {
    for (const auto& [symbol, kind] : kOperators) {
      if (TakeInExpression(symbol)) return kind;
    }
    return std::nullopt;
  };
  const int left = ParseSum();
  const std::optional<Kind> kind = take();
  if (!kind) return left;
  const int right = ParseSum();
  if (take()) return FailExpression("comparisons do not chain");
  return expression_.Add(*kind, left, right);
}

int Parser::ParseSum() {
  int left = ParseProduct();
  while (!failed_) {
    const bool add = TakeInExpression("+");
    if (!add && !TakeInExpression("-")) break;
    const int right = ParseProduct();
    left = expression_.Add(add ? Kind::kAdd : Kind::kSubtract, left, right);
  }
  return left;
}

int Parser::ParseProduct() {
  int left = ParseUnary();
  while (!failed_ && TakeInExpression("*")) {
    const int right = ParseUnary();
    left = expression_.Add(Kind::kMultiply, left, right);
  }
  return left;
}

int Parser::ParseUnary() {
  if (!TakeInExpression("-")) return ParsePrimary();
  if (++depth_ > kMaxDepth) return FailExpression("the expression is nested too deeply");
  const int operand = ParseUnary();
  --depth_;
  return expression_.Add(Kind::kNegate, operand);
}

int Parser::ParsePrimary() {
  if (failed_) return FailExpression("");
  if (TakeInExpression("(")) {
    ++parentheses_;
    const int inside = ParseConditional();
    SkipBlanks();
    if (!Take(")")) return FailExpression("expected ')'");
    --parentheses_;
    return inside;
  }
  SkipBlanksInExpression();
  if (IsDigit(Peek())) {
    std::int64_t value = 0;
    const char* const begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc()) return FailExpression("the number does not fit in 64 bits");
    if (end != text_.data() + text_.size() && IsLetter(*end)) {
      return FailExpression("a name does not start with a digit");
    }
    position_ += static_cast<std::size_t>(end - begin);
    return expression_.AddLeaf(Kind::kNumber, value);
  }
  const std::string_view name = PeekWord();
  if (name.empty() || IsKeyword(name)) return FailExpression("expected a number or a register");
  position_ += name.size();
  return expression_.AddLeaf(Kind::kRegister, Intern(name, &program_.threads.back().registers));
}

}  // namespace

std::optional<LitmusProgram> Parse(std::string_view text, ParseError* error) {
  return Parser(text).Run(error);
}

}  // namespace ashlar::verification::litmus
