#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "worker/mkengine/filters.h"

namespace makeover {
namespace {

const std::vector<std::string> kNames = {"Male",   "Attractive", "Smiling",
                                         "Blurry", "Eyeglasses", "No_Beard",
                                         "Goatee", "Mustache",   "Young"};
constexpr uint64_t kMale = 1, kAttractive = 2, kSmiling = 4, kBlurry = 8, kGlasses = 16;

engine::Aim Aim(const FilterPair& filters) { return AimOf(SidesOf(filters, true, kNames), kNames); }

TEST(AimTest, WhatTheTargetTurnsIsTheHeadline) {
  const engine::Aim aim = Aim(*PresetFilters("mtf"));
  EXPECT_EQ(aim.words, "!Male");
  EXPECT_TRUE(aim.met(0));
  EXPECT_TRUE(aim.met(kSmiling | kBlurry));
  EXPECT_FALSE(aim.met(kMale | kAttractive));
  EXPECT_TRUE(aim.met_wholly(kAttractive));
  EXPECT_FALSE(aim.met_wholly(0));
  EXPECT_EQ(aim.terms.size(), 2U);
  EXPECT_EQ(aim.headline_terms, 1U);
}

TEST(AimTest, WhatBothSidesDemandIsGranted) {
  const engine::Aim aim = Aim(*PresetFilters("mtm"));
  EXPECT_EQ(aim.words, "Attractive");
  EXPECT_TRUE(aim.met(kAttractive));  // whatever the judge says of the rest
  EXPECT_TRUE(aim.met(kAttractive | kBlurry | kGlasses));
  EXPECT_FALSE(aim.met(kMale));
  EXPECT_TRUE(aim.met_wholly(kAttractive | kGlasses));
}

TEST(AimTest, FromEverybodyTheWholeFilterIsTheHeadline) {
  const engine::Aim aim = Aim({"*", "smiling & !male"});
  EXPECT_EQ(aim.words, "!Male & Smiling");
  EXPECT_TRUE(aim.met(kSmiling));
  EXPECT_FALSE(aim.met(kSmiling | kMale));
  EXPECT_FALSE(aim.met(0));
}

TEST(AimTest, AChoiceHasNoTermsButIsMet) {
  const engine::Aim aim = Aim({"*", "smiling | young"});
  EXPECT_EQ(aim.headline_terms, 0U);
  EXPECT_TRUE(aim.terms.empty());
  EXPECT_TRUE(aim.met(kSmiling));
  EXPECT_FALSE(aim.met(kMale));
}

TEST(AimTest, AttributesOfTheFiltersMayChangeButForTheCleaning) {
  const engine::Aim aim = Aim(*PresetFilters("mtf"));
  EXPECT_EQ(aim.named, kMale | kAttractive);
  engine::Population population;
  population.attributes = kNames;
  EXPECT_EQ(engine::KeptAttributes(population, aim), (std::vector<int>{2, 8, 4}));
}

}  // namespace
}  // namespace makeover
