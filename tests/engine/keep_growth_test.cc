#include "worker/engine/keep_growth.h"

#include <gtest/gtest.h>

#include <cmath>

namespace makeover::engine {
namespace {

constexpr double kGoal = 0.1;

class KeepGrowthTest : public testing::Test {
 protected:
  // The factor's logarithm after so many steps that turned over such a share.
  double After(int steps, float kept, float pace = 0.01F) {
    for (int i = 0; i < steps; ++i) growth_.Learn(torch::tensor(kept), torch::tensor(pace));
    return std::log(growth_.Factor().item<double>());
  }

  KeepGrowth growth_ = KeepGrowth(kGoal, torch::kCPU);
};

TEST_F(KeepGrowthTest, GrowsByHowFarTheGoalIsExceeded) {
  EXPECT_EQ(After(0, 0), 0);
  EXPECT_NEAR(After(1, 0.15F), 0.005, 1e-6);
  EXPECT_NEAR(After(1, 0.15F, 0.02F), 0.015, 1e-6);
  EXPECT_NEAR(After(1, 0.2F), 0.025, 1e-6);
  EXPECT_NEAR(After(1, 0.9F), 0.035, 1e-6);
}

TEST_F(KeepGrowthTest, StaysAtTheGoalAndFallsBelowIt) {
  const double grown = After(10, 0.2F);
  EXPECT_NEAR(After(10, 0.1F), grown, 1e-5);
  EXPECT_NEAR(After(1, 0.05F), grown - 0.005, 1e-5);
  EXPECT_NEAR(After(1, 0), grown - 0.015, 1e-5);
}

TEST_F(KeepGrowthTest, IsBounded) {
  EXPECT_EQ(After(5, 0), 0);
  EXPECT_NEAR(After(1000, 1), std::log(KeepGrowth::kMost), 1e-5);
}

TEST_F(KeepGrowthTest, AFactorThatWasTakenStaysAndNeedsNoGradient) {
  const torch::Tensor kept = torch::full({}, 0.2).requires_grad_();
  const torch::Tensor before = growth_.Factor();
  const torch::Tensor loss = before * kept;
  growth_.Learn(kept, torch::tensor(0.5F));
  loss.backward();
  EXPECT_EQ(kept.grad().item<float>(), 1);
  EXPECT_EQ(before.item<float>(), 1);
  EXPECT_FALSE(growth_.Factor().requires_grad());
}

}  // namespace
}  // namespace makeover::engine
