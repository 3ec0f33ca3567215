#include "storage/filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace makeover {
namespace {

const std::vector<std::string>& Names() {
  static const auto* names = new std::vector<std::string>{
      "Attractive", "Blond_Hair", "Blurry", "Eyeglasses",       "Male",
      "No_Beard",   "Smiling",    "Young",  "5_o_Clock_Shadow", "black and white"};
  return *names;
}

uint64_t Bits(const std::vector<std::string>& set) {
  uint64_t bits = 0;
  for (const std::string& name : set) bits |= uint64_t{1} << *FindAttribute(name, Names());
  return bits;
}

struct Case {
  std::string expression;
  std::vector<std::string> set;  // the attributes that the picture has
  bool matches;
};

class FilterTable : public testing::TestWithParam<Case> {};

TEST_P(FilterTable, Matches) {
  const Outcome<Filter> filter = ParseFilter(GetParam().expression, Names());
  ASSERT_TRUE(filter.ok()) << filter.message();
  EXPECT_EQ(filter->Matches(Bits(GetParam().set)), GetParam().matches) << GetParam().expression;
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, FilterTable,
    testing::ValuesIn(std::vector<Case>{
        {"attractive", {"Attractive"}, true},
        {"attractive", {"Male"}, false},
        {"", {}, true},
        {"  ", {"Male"}, true},
        {"*", {}, true},
        {"!*", {}, false},
        {"* & male", {}, false},
        {"male | *", {}, true},
        {"!male", {}, true},
        {"~male", {"Male"}, false},
        {"not male", {"Male"}, false},
        {"NOT NOT male", {"Male"}, true},
        {"!!male", {"Male"}, true},
        {"male,young", {"Male"}, false},
        {"male,young", {"Male", "Young"}, true},
        {"male && young", {"Male", "Young"}, true},
        {"male and young", {"Young"}, false},
        {"male || young", {"Young"}, true},
        {"male OR young", {}, false},
        {"attractive & !eyeglasses & (young | smiling)", {"Attractive", "Smiling"}, true},
        {"attractive & !eyeglasses & (young | smiling)", {"Attractive"}, false},
        {"attractive & !eyeglasses & (young | smiling)",
         {"Attractive", "Smiling", "Eyeglasses"},
         false},
        // `!` binds before `&`, and this before `|`.
        {"young | smiling & male", {"Young"}, true},
        {"(young | smiling) & male", {"Young"}, false},
        {"smiling & male | young", {"Young"}, true},
        {"!smiling & male", {"Male"}, true},
        {"!(smiling & male)", {"Male"}, true},
        {"!smiling | male", {"Smiling"}, false},
        {"male=false", {}, true},
        {"male = 0", {"Male"}, false},
        {"male==no", {"Male"}, false},
        {"male=1", {"Male"}, true},
        {"male=YES", {"Male"}, true},
        {"male=true & young=false", {"Male"}, true},
        {"male!=true", {"Male"}, false},
        {"male != false", {"Male"}, true},
        {"!male=false", {"Male"}, true},
        {"blond hair", {"Blond_Hair"}, true},
        {"Blond-Hair", {"Blond_Hair"}, true},
        {"BLOND_HAIR", {"Blond_Hair"}, true},
        {"blond  -_ hair & young", {"Blond_Hair", "Young"}, true},
        {"5 o clock shadow", {"5_o_Clock_Shadow"}, true},
        {"!no beard", {"No_Beard"}, false},
        {"'black and white' & young", {"black and white", "Young"}, true},
        {"\"Black AND white\"", {"black and white"}, true},
        {"((((male))))", {"Male"}, true},
    }));

struct BadCase {
  std::string expression;
  std::vector<std::string> words;  // all of them stand in the message
};

class BadFilter : public testing::TestWithParam<BadCase> {};

TEST_P(BadFilter, IsRefusedWithTheColumn) {
  const Outcome<Filter> filter = ParseFilter(GetParam().expression, Names());
  ASSERT_FALSE(filter.ok()) << GetParam().expression;
  for (const std::string& word : GetParam().words) {
    EXPECT_NE(filter.message().find(word), std::string::npos) << word << " in " << filter.message();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, BadFilter,
    testing::ValuesIn(std::vector<BadCase>{
        {"smilng", {"column 1", "\"smilng\"", "did you mean Smiling?", "Attractive, Blond_Hair"}},
        {"male & beard", {"column 8", "No_Beard"}},
        {"male & blnod hair", {"column 8", "Blond_Hair"}},
        {"xyzzyxyzzy", {"column 1", "The attributes are"}},
        {"male &", {"column 7", "expected the name", "the end"}},
        {"& male", {"column 1", "expected the name", "\"&\""}},
        {"male young |", {"column 1", "\"male young\""}},
        {"(male", {"column 6", "for the ( in column 1"}},
        {"male)", {"column 5", "an operator", "\")\""}},
        {"()", {"column 2", "expected the name"}},
        {"male = maybe", {"column 8", "true, 1, yes", "\"maybe\""}},
        {"male =", {"column 7", "the end"}},
        {"male = yes young", {"column 12", "an operator"}},
        {"'male", {"column 1", "never closed"}},
        {"!", {"column 2", "expected the name"}},
        {"male | | young", {"column 8", "\"|\""}},
    }));

TEST(Filter, NamesOfADatasetWithoutAttributes) {
  const Outcome<Filter> filter = ParseFilter("male", {});
  ASSERT_FALSE(filter.ok());
  EXPECT_NE(filter.message().find("has no attributes"), std::string::npos);
  EXPECT_TRUE(ParseFilter("", {}).ok());
}

TEST(Filter, ExactNameBeforeFoldedName) {
  const std::vector<std::string> names{"a_b", "A-B"};
  EXPECT_EQ(FindAttribute("A-B", names), 1);
  EXPECT_EQ(FindAttribute("a b", names), 0);
}

TEST(Filter, IsBounded) {
  const std::string deep =
      std::string(kFilterDepthMax, '(') + "male" + std::string(kFilterDepthMax, ')');
  EXPECT_TRUE(ParseFilter(deep, Names()).ok());
  EXPECT_FALSE(ParseFilter("(" + deep + ")", Names()).ok());
  EXPECT_FALSE(ParseFilter(std::string(kFilterBytesMax + 1, ' '), Names()).ok());
  std::string wide = "male";
  for (int i = 1; i < kFilterTermsMax; ++i) wide += "|male";
  EXPECT_TRUE(ParseFilter(wide, Names()).ok());
  EXPECT_FALSE(ParseFilter(wide + "|male", Names()).ok());
  EXPECT_FALSE(ParseFilter(std::string(kFilterBytesMax, '('), Names()).ok());
  EXPECT_FALSE(ParseFilter(std::string(kFilterBytesMax, '!'), Names()).ok());
}

// The deepest expression still fits the evaluation stack of 64 truth values.
TEST(Filter, DeepestExpressionEvaluates) {
  std::string deep;
  for (int i = 0; i < kFilterDepthMax; ++i) deep += "!young | !young & (";
  deep += "male";
  deep += std::string(kFilterDepthMax, ')');
  const Outcome<Filter> filter = ParseFilter(deep, Names());
  ASSERT_TRUE(filter.ok()) << filter.message();
  EXPECT_TRUE(filter->Matches(0));
  EXPECT_FALSE(filter->Matches(Bits({"Young", "Male"})));
}

TEST(Filter, SqlNamesEveryBit) {
  EXPECT_EQ(ParseFilter("male & !young", Names())->ToSql("bits"),
            "(bits >> 4 & 1 AND NOT bits >> 7 & 1)");
  EXPECT_EQ(ParseFilter("!(male | !young) & (smiling & (male | young))", Names())->ToSql("b"),
            "(NOT (b >> 4 & 1 OR NOT b >> 7 & 1) AND b >> 6 & 1 AND (b >> 4 & 1 OR b >> 7 & 1))");
  EXPECT_EQ(Filter().ToSql("bits"), "(1)");
  EXPECT_EQ(Filter::Attribute(63).ToSql("b"), "(b >> 63 & 1)");
  EXPECT_TRUE(Filter::Attribute(63).Matches(uint64_t{1} << 63));
}

TEST(Filter, PresetsParse) {
  const std::vector<std::string> names{"Male", "Attractive", "No_Beard", "Goatee", "Mustache"};
  for (const char* preset : {"mtf", "ftm", "ftf", "mtm"}) {
    const std::optional<FilterPair> pair = PresetFilters(preset);
    ASSERT_TRUE(pair) << preset;
    EXPECT_TRUE(ParseFilter(pair->source, names).ok()) << pair->source;
    EXPECT_TRUE(ParseFilter(pair->target, names).ok()) << pair->target;
  }
  EXPECT_FALSE(PresetFilters("mtx"));
}

TEST(Filter, CleaningOnlyWhereTheDatasetHasIt) {
  EXPECT_EQ(WithCleaning("male | young", Names()), "(male | young) & !blurry & !eyeglasses");
  EXPECT_EQ(WithCleaning(" ", Names()), "!blurry & !eyeglasses");
  EXPECT_EQ(WithCleaning("male", {"Male", "Eyeglasses"}), "(male) & !eyeglasses");
  EXPECT_EQ(WithCleaning("male", {"Male"}), "male");
}

}  // namespace
}  // namespace makeover
