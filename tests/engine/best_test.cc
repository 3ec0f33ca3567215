#include "worker/engine/best.h"

#include <gtest/gtest.h>

#include <cmath>

namespace makeover::engine {
namespace {

TEST(BestTest, TheHigherTargetRateWins) {
  EXPECT_TRUE(IsBetter({200, 0.8, 1, 0.95, 0.05}, {100, 0.7, 0.5, 0.95, 0.05}));
  EXPECT_FALSE(IsBetter({200, 0.7, 0.5, 0.95, 0.05}, {100, 0.8, 1, 0.95, 0.05}));
}

TEST(BestTest, FromNinetyFivePercentOnTheKernelDistanceDecides) {
  EXPECT_TRUE(IsBetter({200, 0.95, 0.4, 0.95, 0.05}, {100, 1.0, 0.5, 0.95, 0.05}));
  EXPECT_FALSE(IsBetter({200, 0.94, 0.4, 0.95, 0.05}, {100, 1.0, 0.5, 0.95, 0.05}));
}

TEST(BestTest, WhatLosesTheFaceIsNotTheBest) {
  const Standing faithful = {100, 0.3, 1, 0.95, 0.05};
  EXPECT_FALSE(IsBetter({200, 1, 0.1, 0.89, 0.05}, faithful));
  EXPECT_FALSE(IsBetter({200, 1, 0.1, 0.95, 0.09}, faithful));
  EXPECT_TRUE(IsBetter(faithful, {50, 1, 0.1, 0.5, 0.3}));
  EXPECT_TRUE(IsBetter({200, 0.1, 1, 0.7, 0.2}, {100, 1, 0.1, 0.6, 0.2}));
}

TEST(BestTest, OfEqualsTheEarlierStays) {
  const Standing standing = {100, 0.8, 1, 0.95, 0.05};
  EXPECT_FALSE(IsBetter({200, 0.8, 1, 0.95, 0.05}, standing));
}

TEST(BestTest, WhatIsUnknownDoesNotCount) {
  EXPECT_TRUE(IsBetter({200, 0.8, NAN, NAN, 0.05}, {100, 0.7, NAN, NAN, 0.05}));
}

}  // namespace
}  // namespace makeover::engine
