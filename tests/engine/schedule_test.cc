#include "worker/engine/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace makeover::engine {
namespace {

TEST(ScheduleTest, TheTemperatureHalvesEveryHalfLife) {
  const Config config;  // 40,000 steps
  EXPECT_EQ(Temperature(config, {0, 0}), 1.0);
  EXPECT_EQ(Temperature(config, {4999, 0}), 1.0);
  EXPECT_EQ(Temperature(config, {5000, 0}), 0.5);
  EXPECT_EQ(Temperature(config, {10000, 0}), 0.25);
  EXPECT_EQ(Temperature(config, {39999, 0}), 1.0 / 128);
}

TEST(ScheduleTest, AShortRunCoolsAsFar) {
  Config config;
  config.steps = 80;
  EXPECT_EQ(Temperature(config, {9, 0}), 1.0);
  EXPECT_EQ(Temperature(config, {10, 0}), 0.5);
  EXPECT_EQ(Temperature(config, {79, 0}), 1.0 / 128);
  config.half_life = 40;
  EXPECT_EQ(Temperature(config, {79, 0}), 0.5);
}

TEST(ScheduleTest, ATimedRunCoolsWithTime) {
  Config config;
  config.time_seconds = 800;
  EXPECT_EQ(Temperature(config, {1000000, 0}), 1.0);
  EXPECT_EQ(Temperature(config, {0, 100}), 0.5);
  EXPECT_EQ(Temperature(config, {0, 799}), 1.0 / 128);
}

TEST(ScheduleTest, ACosineFallsSlowlyAtBothEnds) {
  Config config;
  config.schedule = "cosine";
  config.steps = 600;
  EXPECT_DOUBLE_EQ(Temperature(config, {0, 0}), 1);
  EXPECT_NEAR(Temperature(config, {100, 0}), (1 + std::sqrt(0.75)) / 2, 1e-12);
  EXPECT_NEAR(Temperature(config, {200, 0}), 0.75, 1e-12);
  EXPECT_NEAR(Temperature(config, {300, 0}), 0.5, 1e-12);
  EXPECT_NEAR(Temperature(config, {600, 0}), 0, 1e-12);
  config.time_seconds = 90;
  EXPECT_NEAR(Temperature(config, {600, 30}), 0.75, 1e-12);
}

TEST(ScheduleTest, TheRateWarmsUpStepByStep) {
  Config config;
  config.warm_up = 100;
  EXPECT_DOUBLE_EQ(LearningRate(config, 1, 0), 2e-6);
  EXPECT_DOUBLE_EQ(LearningRate(config, 0.5, 49), 5e-5);
  EXPECT_DOUBLE_EQ(LearningRate(config, 1, 99), 2e-4);
  EXPECT_DOUBLE_EQ(LearningRate(config, 1, 100), 2e-4);
}

TEST(ScheduleTest, RateNoiseAndWeightMoveWithTheTemperature) {
  const Config config;
  EXPECT_DOUBLE_EQ(LearningRate(config, 1, 0), 2e-4);
  EXPECT_DOUBLE_EQ(LearningRate(config, 0.25, 0), 5e-5);
  EXPECT_DOUBLE_EQ(LearningRate(config, 1e-9, 0), 1e-7);
  EXPECT_DOUBLE_EQ(NoiseDeviation(config, 0.5), 0.1);
  EXPECT_DOUBLE_EQ(PixelWeight(config, 1), 0.95);
  EXPECT_DOUBLE_EQ(PixelWeight(config, 0), 0.70);
}

TEST(ScheduleTest, TheWeightOfWhatIsKeptMovesFromItsSumToItself) {
  Config config;
  config.keep_weight = 24;
  config.keep_weight_anneal = -16;
  EXPECT_DOUBLE_EQ(KeepWeight(config, 1), 8);
  EXPECT_DOUBLE_EQ(KeepWeight(config, 0.5), 16);
  EXPECT_DOUBLE_EQ(KeepWeight(config, 0), 24);
  config.keep_weight_anneal = -30;
  EXPECT_DOUBLE_EQ(KeepWeight(config, 1), 0);
}

TEST(ScheduleTest, TheAverageFollowsFastAtFirst) {
  const Config config;
  EXPECT_DOUBLE_EQ(EmaDecay(config, 0), 0.1);
  EXPECT_LT(EmaDecay(config, 100), 0.95);
  EXPECT_DOUBLE_EQ(EmaDecay(config, 1000000), 0.999);
}

TEST(ScheduleTest, EndsByStepsOrByTime) {
  Config config;
  config.steps = 10;
  EXPECT_FALSE(Finished(config, {9, 1e9}));
  EXPECT_TRUE(Finished(config, {10, 0}));
  config.time_seconds = 60;
  EXPECT_FALSE(Finished(config, {1000, 59}));
  EXPECT_TRUE(Finished(config, {0, 60}));
}

}  // namespace
}  // namespace makeover::engine
