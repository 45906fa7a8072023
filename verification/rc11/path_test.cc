#include "ashlar/verification/rc11/path.h"

#include <optional>
#include <set>
#include <string>

#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/script_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;

constexpr int kX = 0;

TEST(PathTest, SaysWhatWasDecided) {
  Script script({{Operation::Write(kRelaxed, kX, 1), Operation::Read(kRelaxed, kX)},
                 {Operation::Fence(kSeqCst), Operation::Write(kRelaxed, kX, 2)}});
  std::set<std::string> texts;
  Explore(script, {}, [&](const Graph& graph, bool) {
    texts.insert(ToText(PathTo(graph)));
    return true;
  });
  // The read of thread 0 reads from its own write or from that of thread 1, which comes
  // later; and the writes have either order.
  EXPECT_EQ(texts, (std::set<std::string>{"0wi.0r0.1f.1w0", "0wi.0r0.1f.1wi", "0wi.0r3.1f.1w0"}));
}

TEST(PathTest, ReadsItsText) {
  for (const char* text : {"-", "0wi.1r0.1ri!1", "15f.3c:2.0r3.1wi", "0wi.0w0!0!3"}) {
    const std::optional<Path> path = ParsePath(text);
    ASSERT_TRUE(path.has_value()) << text;
    EXPECT_EQ(ToText(*path), text);
  }
}

TEST(PathTest, RefusesOtherText) {
  for (const char* text : {"", "0", "0x", "16f", "0r", "0r5", "0r0", "0wi.0w1", "0wi.", ".0wi",
                           "0wi.1r0 ", "0wi!", "0wi!16", "0f:256", "0f.1r0", "-1f", "0wi,1r0"}) {
    EXPECT_FALSE(ParsePath(text).has_value()) << text;
  }
  std::string too_long = "0f";
  for (int i = 0; i < Graph::kMaxEvents; ++i) too_long += ".0f";
  EXPECT_FALSE(ParsePath(too_long).has_value());
}

}  // namespace
}  // namespace ashlar::verification::rc11
