#include "ashlar/verification/litmus/parser.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::litmus {
namespace {

using rc11::Order;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = Statement::Kind;

LitmusProgram ParseOrDie(const std::string& text) {
  ParseError error;
  std::optional<LitmusProgram> program = Parse(text, &error);
  EXPECT_TRUE(program.has_value()) << text << ": " << error.column << ": " << error.message;
  return program ? *program : LitmusProgram();
}

TEST(ParserTest, ReadsThreadsOfOperations) {
  const LitmusProgram program =
      ParseOrDie("W.rlx x 1; W.rel y 1 || R.acq y a;when(a==1)R.na x b; || F.sc");
  ASSERT_EQ(program.threads.size(), 3u);
  EXPECT_THAT(program.locations, ElementsAre("x", "y"));
  EXPECT_THAT(program.threads[0].registers, IsEmpty());
  EXPECT_THAT(program.threads[1].registers, ElementsAre("a", "b"));
  const std::vector<Statement>& reads = program.threads[1].statements;
  ASSERT_EQ(reads.size(), 2u);
  EXPECT_EQ(reads[0].kind, Kind::kRead);
  EXPECT_EQ(reads[0].order, Order::kAcquire);
  EXPECT_EQ(reads[0].location, 1);
  EXPECT_EQ(reads[0].target, 0);
  EXPECT_TRUE(reads[0].guard.Empty());
  EXPECT_FALSE(reads[1].guard.Empty());
  EXPECT_EQ(reads[1].order, Order::kPlain);
  EXPECT_EQ(program.threads[2].statements[0].kind, Kind::kFence);
  EXPECT_EQ(program.threads[2].statements[0].order, Order::kSeqCst);
}

TEST(ParserTest, ReadsReadModifyWrites) {
  const LitmusProgram program =
      ParseOrDie("A.rlx x 1 a; X.ar x a+1 b; C.sc.acq x (a + b) -3 c; R.rlx x a");
  const std::vector<Statement>& statements = program.threads[0].statements;
  ASSERT_EQ(statements.size(), 4u);
  const std::int64_t registers[] = {10, 20, 30};
  EXPECT_EQ(statements[0].kind, Kind::kFetchAdd);
  EXPECT_EQ(statements[1].kind, Kind::kExchange);
  EXPECT_EQ(statements[1].operand.Evaluate(registers), 11);
  EXPECT_EQ(statements[2].kind, Kind::kCompareExchange);
  EXPECT_EQ(statements[2].order, Order::kSeqCst);
  EXPECT_EQ(statements[2].failure, Order::kAcquire);
  EXPECT_EQ(statements[2].expected.Evaluate(registers), 30);
  EXPECT_EQ(statements[2].operand.Evaluate(registers), -3);
  EXPECT_EQ(statements[2].target, 2);
}

// The value of an expression where a is 2, b is 3, and all else is 0.
std::int64_t Value(const std::string& expression) {
  const LitmusProgram program =
      ParseOrDie("A.rlx x a a; A.rlx x b b; A.rlx x c c; W.rlx x " + expression);
  const std::int64_t registers[] = {2, 3, 0, 0};
  return program.threads[0].statements.back().operand.Evaluate(registers);
}

TEST(ParserTest, ExpressionsBindAsInPython) {
  EXPECT_EQ(Value("1 + a * b - 1"), 6);
  EXPECT_EQ(Value("10-a-b"), 5);
  EXPECT_EQ(Value("(1 + a) * b"), 9);
  EXPECT_EQ(Value("-a*b"), -6);
  EXPECT_EQ(Value("a - -b"), 5);
  EXPECT_EQ(Value("a + 1 == b"), 1);
  EXPECT_EQ(Value("a != 2"), 0);
  EXPECT_EQ(Value("a < b"), 1);
  EXPECT_EQ(Value("a <= 1"), 0);
  EXPECT_EQ(Value("b > 2"), 1);
  EXPECT_EQ(Value("b >= 4"), 0);
  EXPECT_EQ(Value("not a == 3"), 1);
  EXPECT_EQ(Value("not not b"), 1);
  EXPECT_EQ(Value("c and 7 or b"), 3);
  EXPECT_EQ(Value("a or c and c"), 2);
  EXPECT_EQ(Value("a and b"), 3);
  EXPECT_EQ(Value("1 if c else 4 if a else 5"), 4);
  EXPECT_EQ(Value("a+1 if a > 1 and not c else b"), 3);
  EXPECT_EQ(Value("9223372036854775807 + 1"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Value("unset"), 0) << "a register that is never set";
}

std::string Error(const std::string& text) {
  ParseError error;
  if (Parse(text, &error)) return "parsed";
  return std::to_string(error.column) + ": " + error.message;
}

TEST(ParserTest, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(Error("Q.rlx x 1"), "1: expected an operation: R, W, A, X, C, F, or when(...)");
  EXPECT_EQ(Error("W.rlx x 1 || W"), "15: expected '.' and the order of a store");
  EXPECT_EQ(Error("W.acq x 1"), "3: 'acq' is not an order of a store (na, rlx, rel, sc)");
  EXPECT_EQ(Error("C.rlx.rel x 0 1 a"),
            "7: 'rel' is not an order of the failure of a compare-exchange (rlx, acq, sc)");
  EXPECT_EQ(Error("C.rlx x 0 1 a"),
            "6: expected '.' and the order of the failure of a compare-exchange");
  EXPECT_EQ(Error("R.rlx 1 a"), "7: expected a location");
  EXPECT_EQ(Error("R.rlx x"), "8: expected a register");
  EXPECT_EQ(Error("R.rlx x and"), "9: expected a register");
  EXPECT_EQ(Error("W.rlx x"), "8: expected a number or a register");
  EXPECT_EQ(Error("W.rlx x 1 2"), "11: expected the end of the operation");
  EXPECT_EQ(Error("W.rlx x (1+"), "12: expected a number or a register");
  EXPECT_EQ(Error("W.rlx x (1"), "11: expected ')'");
  EXPECT_EQ(Error("W.rlx x 1 if 2"), "15: expected 'else'");
  EXPECT_EQ(Error("W.rlx x 1<2<3"), "13: comparisons do not chain");
  EXPECT_EQ(Error("W.rlx x 9223372036854775808"), "9: the number does not fit in 64 bits");
  EXPECT_EQ(Error("W.rlx x 1a"), "9: a name does not start with a digit");
  EXPECT_EQ(Error("when a W.rlx x 1"), "6: expected '(' after 'when'");
  EXPECT_EQ(Error("W.rlx x 1 | W.rlx x 1"), "11: expected ';' or '||'");
  EXPECT_EQ(Error("F.sc"), "5: no operation touches a location");
  EXPECT_EQ(Error(""), "1: no operation touches a location");
}

TEST(ParserTest, RefusesWhatIsTooLarge) {
  EXPECT_THAT(Error("W.rlx x " + std::string(100'000, '(')), HasSubstr("nested too deeply"));
  EXPECT_THAT(Error("W.rlx x " + std::string(100'000, '-')), HasSubstr("nested too deeply"));
  std::string threads = "W.rlx x 1";
  for (int i = 0; i < 16; ++i) threads += "||F.sc";
  EXPECT_THAT(Error(threads), HasSubstr("more than 16 threads"));
  std::string locations;
  for (int i = 0; i < 128; ++i) locations += "W.rlx x" + std::to_string(i) + " 1;";
  EXPECT_THAT(Error(locations), HasSubstr("more than 127 locations"));
}

}  // namespace
}  // namespace ashlar::verification::litmus
