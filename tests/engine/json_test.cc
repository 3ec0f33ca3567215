#include "worker/engine/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace makeover {
namespace {

std::string RoundTrip(const std::string& text) {
  Json json;
  std::string error;
  return Json::Parse(text, &json, &error) ? json.Write() : "error: " + error;
}

TEST(JsonTest, WritesWhatItReads) {
  const std::string text = R"({"a":[1,-2.5,true,false,null],"b":{"c":"d"},"e":[],"f":{}})";
  EXPECT_EQ(RoundTrip(text), text);
}

TEST(JsonTest, SkipsBlanks) { EXPECT_EQ(RoundTrip(" { \"a\" :\n[ 1 ,\t2 ] } "), R"({"a":[1,2]})"); }

TEST(JsonTest, KeepsIntegersOf64Bits) {
  EXPECT_EQ(RoundTrip("[9223372036854775807,-9223372036854775808]"),
            "[9223372036854775807,-9223372036854775808]");
}

TEST(JsonTest, KeepsEveryBitOfADouble) {
  const double value = 0.1 + 0.2;
  Json json;
  std::string error;
  ASSERT_TRUE(Json::Parse(Json(value).Write(), &json, &error)) << error;
  EXPECT_EQ(json.AsNumber(), value);
}

TEST(JsonTest, ReadsEscapes) {
  Json json;
  std::string error;
  ASSERT_TRUE(Json::Parse(R"("\u00e9\n\"\\\/\ud83d\ude00")", &json, &error)) << error;
  EXPECT_EQ(json.AsString(), "\xC3\xA9\n\"\\/\xF0\x9F\x98\x80");
}

TEST(JsonTest, WritesNoInfinity) {
  EXPECT_EQ(Json(std::numeric_limits<double>::infinity()).Write(), "null");
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).Write(), "null");
}

TEST(JsonTest, WritesValidUtf8Always) {
  EXPECT_EQ(Json("a\xFF"
                 "b")
                .Write(),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(Json(std::string("\x01", 1)).Write(), "\"\\u0001\"");
  EXPECT_EQ(Json("\xC0\x80").Write(), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // overlong
  EXPECT_EQ(Json("\xC3\xA9").Write(), "\"\xC3\xA9\"");
}

TEST(JsonTest, SetReplacesAndKeepsTheOrder) {
  Json json;
  json.Set("a", 1).Set("b", 2).Set("a", 3);
  EXPECT_EQ(json.Write(), R"({"a":3,"b":2})");
}

TEST(JsonTest, FindsWithFallbacks) {
  const Json json = Json::Object{{"n", 2}, {"t", "x"}};
  EXPECT_EQ(json.Number("n"), 2.0);
  EXPECT_EQ(json.Text("n", "none"), "none");
  EXPECT_EQ(json.Integer("missing", 7), 7);
  EXPECT_EQ(Json(1).Find("n"), nullptr);
}

class BadJsonTest : public testing::TestWithParam<const char*> {};

TEST_P(BadJsonTest, IsRefusedWithAReason) {
  Json json = "before";
  std::string error;
  EXPECT_FALSE(Json::Parse(GetParam(), &json, &error));
  EXPECT_NE(error.find("at byte"), std::string::npos);
  EXPECT_EQ(json.AsString(), "before");
}

INSTANTIATE_TEST_SUITE_P(Texts, BadJsonTest,
                         testing::Values("", " ", "{", "[1,", "[1 2]", "{\"a\"}", "{\"a\":1,}",
                                         "{a:1}", "tru", "nul", "01", "1.", "1e", "-", "+1", ".5",
                                         "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"",
                                         "\"a\nb\"", "1 2", "{\"a\":1,\"a\":2}", "1e999", "[1]]",
                                         "NaN"));

TEST(JsonTest, RefusesDeepNesting) {
  EXPECT_EQ(RoundTrip(std::string(60, '[') + std::string(60, ']')),
            std::string(60, '[') + std::string(60, ']'));
  EXPECT_EQ(RoundTrip(std::string(100000, '[')).substr(0, 5), "error");
}

}  // namespace
}  // namespace makeover
