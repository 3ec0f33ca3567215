#include "worker/engine/growth.h"

#include <gtest/gtest.h>

#include <cmath>

namespace makeover::engine {
namespace {

constexpr double kMost = 3;

class GrowthTest : public testing::Test {
 protected:
  // The factor's logarithm after so many more steps that missed by so much.
  double After(int steps, float miss, float pace = 0.01F) {
    for (int i = 0; i < steps; ++i) growth_.Learn(torch::tensor(miss), torch::tensor(pace));
    return std::log(growth_.Factor().item<double>());
  }

  Growth growth_ = Growth(kMost, torch::kCPU);
};

TEST_F(GrowthTest, GrowsByHowFarTheGoalIsMissed) {
  EXPECT_EQ(After(0, 0), 0);
  EXPECT_NEAR(After(1, 0.5F), 0.005, 1e-6);
  EXPECT_NEAR(After(1, 0.5F, 0.02F), 0.015, 1e-6);
  EXPECT_NEAR(After(1, 1), 0.025, 1e-6);
  EXPECT_NEAR(After(1, 9), 0.035, 1e-6);
}

TEST_F(GrowthTest, StaysAtTheGoalAndFallsWhereItIsMoreThanMet) {
  const double grown = After(10, 1);
  EXPECT_NEAR(After(10, 0), grown, 1e-5);
  EXPECT_NEAR(After(1, -0.5F), grown - 0.005, 1e-5);
  EXPECT_NEAR(After(1, -1), grown - 0.015, 1e-5);
  EXPECT_NEAR(After(1, -9), grown - 0.025, 1e-5);
}

TEST_F(GrowthTest, IsBounded) {
  EXPECT_EQ(After(5, -1), 0);
  EXPECT_NEAR(After(1000, 1), std::log(kMost), 1e-5);
}

TEST_F(GrowthTest, IsBoundedWhereARunWithALargerBoundHadGrownFarther) {
  growth_.log().fill_(2 * std::log(kMost));
  EXPECT_NEAR(After(0, 0), std::log(kMost), 1e-5);
}

TEST_F(GrowthTest, AFactorThatWasTakenStaysAndNeedsNoGradient) {
  const torch::Tensor miss = torch::full({}, 0.2).requires_grad_();
  const torch::Tensor before = growth_.Factor();
  const torch::Tensor loss = before * miss;
  growth_.Learn(miss, torch::tensor(0.5F));
  loss.backward();
  EXPECT_EQ(miss.grad().item<float>(), 1);
  EXPECT_EQ(before.item<float>(), 1);
  EXPECT_FALSE(growth_.Factor().requires_grad());
}

}  // namespace
}  // namespace makeover::engine
