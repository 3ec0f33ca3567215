#include "worker/mkengine/family_attributes.h"

#include <gtest/gtest.h>

#include "worker/mkengine/command_line.h"

namespace makeover {
namespace {

// Sources 0 to 9, of whom four smile; targets 10 to 19, of whom nine do.
class FamilyAttributesTest : public testing::Test {
 protected:
  FamilyAttributesTest() {
    population_.attributes = {"Male", "Smiling"};
    run_.filters = {"male", "!male"};
    run_.config.balance = 2;
    for (int64_t row = 0; row < 20; ++row) {
      const bool source = row < 10;
      const bool smiles = source ? row < 4 : row < 19;
      population_.bits.push_back((source ? 1U : 0U) | (smiles ? 2U : 0U));
      (source ? run_.source_rows : run_.target_rows).push_back(row);
    }
  }

  engine::Population population_;
  engine::TrainingRun run_;
};

TEST_F(FamilyAttributesTest, BothFamiliesAreWeighed) {
  UseAttributes(population_, {}, &run_);
  ASSERT_EQ(run_.source_weights.size(), 10U);
  ASSERT_EQ(run_.target_weights.size(), 10U);
  EXPECT_GT(run_.source_weights.at(0), 1.1);  // smiles
  EXPECT_LT(run_.source_weights.at(9), 0.9);
  EXPECT_LT(run_.target_weights.at(10), 0.9);  // smiles
  EXPECT_GT(run_.target_weights.at(19), 1.9);
}

TEST_F(FamilyAttributesTest, SourcesThatAreTargetsAreNotWeighedAsSources) {
  run_.source_rows.push_back(10);
  UseAttributes(population_, {}, &run_);
  EXPECT_EQ(run_.source_weights.count(10), 0U);
  EXPECT_EQ(run_.target_weights.count(10), 1U);
}

TEST_F(FamilyAttributesTest, NobodyIsWeighedWhereAllCountTheSame) {
  run_.config.balance = 1;
  UseAttributes(population_, {}, &run_);
  EXPECT_TRUE(run_.source_weights.empty());
  EXPECT_TRUE(run_.target_weights.empty());
}

TEST_F(FamilyAttributesTest, TheReaderIsToldTheShareThatItWillSee) {
  run_.config.keep_weight = 1;
  UseAttributes(population_, {}, &run_);
  ASSERT_EQ(run_.labels.kept.size(), 1U);
  double with = 0;
  double all = 0;
  for (const auto& [row, weight] : run_.source_weights) {
    all += weight;
    if (row < 4) with += weight;
  }
  EXPECT_NEAR(run_.labels.kept[0].share, with / all, 1e-9);
  EXPECT_GT(run_.labels.kept[0].share, 0.45);
}

TEST_F(FamilyAttributesTest, RowsOfAnotherDatasetAreAnError) {
  run_.target_rows.push_back(20);
  EXPECT_THROW(UseAttributes(population_, {}, &run_), UsageError);
}

}  // namespace
}  // namespace makeover
