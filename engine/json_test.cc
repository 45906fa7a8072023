#include "ashlar/engine/json.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(text, out);
  return out;
}

TEST(JsonTest, ValuesPrintInTheOrderAdded) {
  Json top = Json::Array();
  top.Add(Json("the")).Add(Json::Array()).Add(Json::Object()).Add(Json());
  const Json report = Json::Object()
                          .Set("words", Json(std::numeric_limits<int64_t>::max()))
                          .Set("low", Json(std::numeric_limits<int64_t>::min()))
                          .Set("top", std::move(top))
                          .Set("half", Json(0.5))
                          .Set("yes", Json(true))
                          .Set("a", Json(-1));
  EXPECT_EQ(report.ToString(),
            "{\"words\":9223372036854775807,\"low\":-9223372036854775808,"
            "\"top\":[\"the\",[],{},null],\"half\":0.5,\"yes\":true,\"a\":-1}");
}

TEST(JsonTest, MergeAppendsTheMembersOfAnother) {
  Json report = Json::Object().Set("a", Json(1));
  report.Merge(Json::Object().Set("b", Json(2)).Set("c", Json(3)));
  EXPECT_EQ(report.ToString(), "{\"a\":1,\"b\":2,\"c\":3}");
}

TEST(JsonTest, NumbersThatAreNotFiniteAreNull) {
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).ToString(), "null");
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).ToString(), "null");
}

TEST(JsonTest, ControlAndQuotationMarksAreEscaped) {
  EXPECT_EQ(Quoted(std::string_view("a\"\\\n\t\r\0\x1f\x7f", 9)),
            "\"a\\\"\\\\\\n\\t\\u000d\\u0000\\u001f\x7f\"");
}

TEST(JsonTest, Utf8StaysAndOtherBytesAreReplaced) {
  EXPECT_EQ(Quoted("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
            "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
  EXPECT_EQ(Quoted("caf\xe9!"), "\"caf\\ufffd!\"");
  EXPECT_EQ(Quoted("\xe2\x82"), "\"\\ufffd\\ufffd\"");
}

TEST(JsonTest, Utf8IsCheckedStrictly) {
  for (const char* good : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(JsonDeathTest, SetNeedsAnObjectAndAddAnArray) {
  EXPECT_DEATH(Json(1).Set("a", Json(1)), "Set needs an object");
  EXPECT_DEATH(Json::Object().Add(Json(1)), "Add needs an array");
}

}  // namespace
}  // namespace ashlar
