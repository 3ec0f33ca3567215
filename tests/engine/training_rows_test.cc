#include "worker/engine/training_rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/scratch.h"
#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

using Rows = std::vector<int64_t>;

// Rows 0 to 11, all but 6 with a picture.
class TrainingRowsTest : public testing::Test {
 protected:
  TrainingRowsTest() {
    constexpr PixelShape kShape = {3, 2};
    PixelCacheWriter writer(scratch_ / "a.pixels", kShape, 12);
    const std::vector<uint8_t> pixels(static_cast<size_t>(kShape.bytes()));
    for (int64_t row = 0; row < 12; ++row) {
      if (row != 6) writer.Put(row, pixels);
    }
    writer.Commit();
    run_.source_rows = {0, 1, 2, 3, 4, 5, 6, 7};
    run_.target_rows = {1, 8, 9, 10};
    run_.labels.learn = {0, 5, 6, 11, 12};
    run_.config.sample_count = 1;
  }

  Split SplitOfRun() const { return SplitRows(run_, PixelCache(scratch_ / "a.pixels")); }

  const Scratch scratch_;
  TrainingRun run_;
};

TEST_F(TrainingRowsTest, SamplesAreInNeitherFamilyAndNotLearnedFrom) {
  run_.target_rows.push_back(0);
  const Split split = SplitOfRun();
  EXPECT_EQ(split.samples, Rows({0}));
  EXPECT_EQ(split.training.source, Rows({1, 2, 3, 4, 5, 7}));
  EXPECT_EQ(split.training.target, Rows({1, 8, 9, 10}));
  EXPECT_EQ(split.training.labels.learn, Rows({5, 11}));
}

TEST_F(TrainingRowsTest, HeldOutRowsMayBeSamplesAndAreNotLearnedFrom) {
  run_.held_out = {0, 2, 9, 11};
  const Split split = SplitOfRun();
  EXPECT_EQ(split.samples, Rows({0}));
  EXPECT_EQ(split.training.source, Rows({1, 3, 4, 5, 7}));
  EXPECT_EQ(split.training.target, Rows({1, 8, 10}));
  EXPECT_EQ(split.training.labels.learn, Rows({5}));
  run_.held_out = run_.source_rows;
  EXPECT_THROW(SplitOfRun(), EngineError);
}

TEST_F(TrainingRowsTest, SamplesAreAQuarterAtMost) {
  run_.config.sample_count = 32;
  run_.source_rows = {0, 1, 2, 3, 4, 5, 7, 8};
  EXPECT_EQ(SplitOfRun().samples, Rows({0, 1}));
  run_.source_rows = {0, 1, 2};
  EXPECT_EQ(SplitOfRun().samples, Rows({0}));
}

TEST_F(TrainingRowsTest, WeightsAreThoseOfTheirRows) {
  EXPECT_TRUE(SplitOfRun().training.source_weights.empty());
  EXPECT_TRUE(SplitOfRun().training.target_weights.empty());
  run_.source_weights = {{0, 3.0}, {2, 0.5}, {7, 2.0}};
  run_.target_weights = {{8, 4.0}, {1, 0.25}};
  const TrainingRows rows = SplitOfRun().training;
  EXPECT_EQ(rows.source_weights, std::vector<double>({1, 0.5, 1, 1, 1, 2}));
  EXPECT_EQ(rows.target_weights, std::vector<double>({0.25, 4, 1, 1}));
}

TEST_F(TrainingRowsTest, RowsBeyondTheCacheAreAnError) {
  run_.target_rows.push_back(12);
  EXPECT_THROW(SplitOfRun(), EngineError);
  run_.target_rows = {-1, 8, 9};
  EXPECT_THROW(SplitOfRun(), EngineError);
}

TEST_F(TrainingRowsTest, TooFewAreAnError) {
  run_.target_rows = {6, 8};
  EXPECT_THROW(SplitOfRun(), EngineError);
  run_.target_rows = {7, 8};
  EXPECT_EQ(SplitOfRun().training.target, Rows({7, 8}));
}

}  // namespace
}  // namespace makeover::engine
