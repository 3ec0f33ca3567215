#include "worker/engine/health.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace makeover::engine {
namespace {

Ill AfterLosses(const std::string& adversarial, double discriminator, int count) {
  Config config;
  config.adversarial = adversarial;
  HealthWatch watch(config);
  Ill ill = Ill::kNo;
  for (int i = 0; i < count; ++i) ill = watch.SeeLosses(1, discriminator);
  return ill;
}

TEST(HealthTest, NumbersThatAreNoneAreNoticedAtOnce) {
  HealthWatch watch{Config()};
  EXPECT_EQ(watch.SeeLosses(1, 1), Ill::kNo);
  EXPECT_EQ(watch.SeeLosses(std::nan(""), 1), Ill::kNotANumber);
  EXPECT_EQ(watch.SeeLosses(1, std::numeric_limits<double>::infinity()), Ill::kNotANumber);
}

TEST(HealthTest, ADiscriminatorThatKnowsAllForLongIsNoticed) {
  EXPECT_EQ(AfterLosses("hinge", 0.03, 49), Ill::kNo);
  EXPECT_EQ(AfterLosses("hinge", 0.03, 50), Ill::kSaturated);
  EXPECT_EQ(AfterLosses("hinge", 0.05, 500), Ill::kNo);
  EXPECT_EQ(AfterLosses("cross_entropy", 0.03, 50), Ill::kNo);
  EXPECT_EQ(AfterLosses("cross_entropy", 0.02, 50), Ill::kSaturated);
}

TEST(HealthTest, AShortDipIsForgiven) {
  HealthWatch watch{Config()};
  for (int i = 0; i < 200; ++i) EXPECT_EQ(watch.SeeLosses(1, i % 25 == 0 ? 1 : 0), Ill::kNo);
}

TEST(HealthTest, ForgettingBeginsAnew) {
  HealthWatch watch{Config()};
  for (int i = 0; i < 49; ++i) watch.SeeLosses(1, 0);
  watch.Forget();
  EXPECT_EQ(watch.SeeLosses(1, 0), Ill::kNo);
}

TEST(HealthTest, ASpreadOfAlmostNothingIsACollapse) {
  const HealthWatch watch{Config()};
  EXPECT_EQ(watch.SeeSpread(0.5), Ill::kNo);
  EXPECT_EQ(watch.SeeSpread(0.05), Ill::kCollapsed);
}

TEST(HealthTest, SpreadIsTheDeviationBetweenPictures) {
  const std::vector<uint8_t> pictures = {10, 0, 30, 0};  // two of two bytes
  EXPECT_DOUBLE_EQ(Spread(pictures.data(), 2, 2), (10.0 + 0) / 2);
  const std::vector<uint8_t> equal = {7, 9, 7, 9};
  EXPECT_DOUBLE_EQ(Spread(equal.data(), 2, 2), 0);
}

}  // namespace
}  // namespace makeover::engine
