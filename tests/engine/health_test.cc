#include "worker/engine/health.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace makeover::engine {
namespace {

// What is seen at the end of so many steps, a line of metrics every tenth.
Ill AfterLosses(const std::string& adversarial, double discriminator, int64_t steps) {
  Config config;
  config.adversarial = adversarial;
  HealthWatch watch(config);
  Ill ill = Ill::kNo;
  for (int64_t step = 0; step <= steps; step += 10) ill = watch.SeeLosses(step, 1, discriminator);
  return ill;
}

TEST(HealthTest, NumbersThatAreNoneAreNoticedAtOnce) {
  HealthWatch watch{Config()};
  EXPECT_EQ(watch.SeeLosses(10, 1, 1), Ill::kNo);
  EXPECT_EQ(watch.SeeLosses(20, std::nan(""), 1), Ill::kNotANumber);
  EXPECT_EQ(watch.SeeLosses(20, 1, std::numeric_limits<double>::infinity()), Ill::kNotANumber);
}

TEST(HealthTest, ADiscriminatorFarWorseThanGuessingIsNoticed) {
  EXPECT_EQ(AfterLosses("hinge", 19, 5000), Ill::kNo);
  EXPECT_EQ(AfterLosses("hinge", 21, 0), Ill::kNo);
  EXPECT_EQ(AfterLosses("hinge", 21, 10), Ill::kDiverged);
  EXPECT_EQ(AfterLosses("least_squares", 4.9, 5000), Ill::kNo);
  EXPECT_EQ(AfterLosses("least_squares", 5.1, 10), Ill::kDiverged);
  EXPECT_EQ(AfterLosses("cross_entropy", 13, 5000), Ill::kNo);
  EXPECT_EQ(AfterLosses("cross_entropy", 14, 10), Ill::kDiverged);
}

TEST(HealthTest, WhoGoesOnFromWhatWasSeenNoticesWhatTheOtherWould) {
  HealthWatch whole{Config()};
  HealthWatch first{Config()};
  for (int64_t step = 10; step <= 400; step += 10) {
    whole.SeeLosses(step, 1, 0.001);
    first.SeeLosses(step, 1, 0.001);
  }
  HealthWatch second{Config()};
  second.GoOnFrom(first.seen());
  int noticed = 0;
  for (int64_t step = 410; step <= 2000; step += 10) {
    const Ill ill = whole.SeeLosses(step, 1, 0.001);
    EXPECT_EQ(second.SeeLosses(step, 1, 0.001), ill) << step;
    noticed += ill == Ill::kSaturated ? 1 : 0;
  }
  EXPECT_GT(noticed, 0);
  EXPECT_LT(noticed, 160);
}

TEST(HealthTest, ALeapIsSuspectedAndForgiven) {
  HealthWatch watch{Config()};
  for (int64_t step = 0; step < 500; step += 10) {
    const bool high = step % 20 == 0;
    EXPECT_EQ(watch.SeeLosses(step, 1, high ? 1000 : 1), Ill::kNo);
    EXPECT_EQ(watch.suspects(), high);
  }
  watch.SeeLosses(500, 1, 1000);
  watch.Forget();
  EXPECT_FALSE(watch.suspects());
  EXPECT_EQ(watch.SeeLosses(520, 1, 1000), Ill::kNo);
}

TEST(HealthTest, ADiscriminatorThatKnowsAllForLongIsNoticed) {
  EXPECT_EQ(AfterLosses("hinge", 0.01, 490), Ill::kNo);
  EXPECT_EQ(AfterLosses("hinge", 0.01, 1500), Ill::kSaturated);
  EXPECT_EQ(AfterLosses("hinge", 0.05, 5000), Ill::kNo);
  EXPECT_EQ(AfterLosses("least_squares", 0.02, 5000), Ill::kNo);
  EXPECT_EQ(AfterLosses("least_squares", 0.005, 5000), Ill::kSaturated);
}

TEST(HealthTest, LinesThatComeOftenerDoNotHurryIt) {
  HealthWatch watch{Config()};
  for (int64_t step = 0; step < 500; ++step) EXPECT_EQ(watch.SeeLosses(step, 1, 0), Ill::kNo);
}

TEST(HealthTest, DipsAreForgiven) {
  HealthWatch watch{Config()};
  for (int64_t step = 0; step < 5000; step += 10) {
    EXPECT_EQ(watch.SeeLosses(step, 1, step % 100 == 0 ? 1 : 0), Ill::kNo);
  }
}

TEST(HealthTest, ForgettingBeginsAnew) {
  HealthWatch watch{Config()};
  for (int64_t step = 0; step <= 3000; step += 10) watch.SeeLosses(step, 1, 0);
  EXPECT_EQ(watch.SeeLosses(3010, 1, 0), Ill::kSaturated);
  watch.Forget();
  EXPECT_EQ(watch.SeeLosses(3020, 1, 0), Ill::kNo);
}

TEST(HealthTest, ASpreadOfAlmostNothingIsACollapse) {
  const HealthWatch watch{Config()};
  EXPECT_EQ(watch.SeeSpread(0.11), Ill::kNo);
  EXPECT_EQ(watch.SeeSpread(0.09), Ill::kCollapsed);
}

TEST(HealthTest, SpreadIsTheDeviationBetweenPictures) {
  const std::vector<uint8_t> pictures = {10, 0, 30, 0};  // two of two bytes
  EXPECT_DOUBLE_EQ(Spread(pictures.data(), 2, 2), (10.0 + 0) / 2);
  const std::vector<uint8_t> equal = {7, 9, 7, 9};
  EXPECT_DOUBLE_EQ(Spread(equal.data(), 2, 2), 0);
}

}  // namespace
}  // namespace makeover::engine
