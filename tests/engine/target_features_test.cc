#include "worker/engine/target_features.h"

#include <gtest/gtest.h>

#include <vector>

#include "worker/engine/measures.h"

namespace makeover::engine {
namespace {

constexpr int64_t kLength = 8;

// Uneven in mean and spread, as a reader's features are.
torch::Tensor Features(int64_t count, uint64_t seed, double shift = 0) {
  torch::Generator random = at::detail::createCPUGenerator(seed);
  const torch::Tensor spread = torch::arange(1, kLength + 1).to(torch::kFloat32) / kLength;
  return torch::relu(torch::randn({count, kLength}, random) * spread + 1 + shift);
}

std::vector<float> List(const torch::Tensor& values) {
  const torch::Tensor flat = values.contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

// The same as evaluations compute it.
double Plain(const torch::Tensor& results, const torch::Tensor& targets) {
  const torch::Tensor mean = targets.mean(0);
  const torch::Tensor deviation = targets.std(0) + 0.1;
  const std::vector<float> x = List((results - mean) / deviation);
  const std::vector<float> y = List((targets - mean) / deviation);
  return UnbiasedCubicMmd({&x, kLength}, {&y, kLength});
}

double Distance(const torch::Tensor& results, const torch::Tensor& targets) {
  TargetFeatures features;
  features.Hold(targets);
  return features.Distance(results).item<double>();
}

TEST(TargetFeaturesTest, TheDistanceIsThatOfEvaluations) {
  for (const double shift : {0.0, 0.5, 2.0}) {
    const torch::Tensor results = Features(5, 1, shift);
    const double plain = Plain(results, Features(40, 2));
    EXPECT_NEAR(Distance(results, Features(40, 2)), plain, 1e-4 * (1 + plain)) << shift;
  }
}

TEST(TargetFeaturesTest, ResultsLikeTheTargetsAreAtNoDistance) {
  EXPECT_NEAR(Distance(Features(2000, 1), Features(2000, 2)), 0, 0.02);
  EXPECT_GT(Distance(Features(2000, 1, 0.5), Features(2000, 2)), 0.2);
}

TEST(TargetFeaturesTest, OtherTargetsTakeTheOldOnesPlace) {
  TargetFeatures features;
  features.Hold(Features(40, 2, 1));
  features.Hold(Features(40, 3));
  const torch::Tensor results = Features(5, 1);
  EXPECT_EQ(features.Distance(results).item<double>(), Distance(results, Features(40, 3)));
}

TEST(TargetFeaturesTest, TheSlopeLeadsToTheTargets) {
  TargetFeatures features;
  features.Hold(Features(200, 2));
  torch::Tensor results = Features(16, 1, 1);
  const double before = features.Distance(results).item<double>();
  for (int step = 0; step < 200; ++step) {
    results = results.detach().requires_grad_();
    results = results - 0.02 * torch::autograd::grad({features.Distance(results)}, {results})[0];
  }
  EXPECT_LT(features.Distance(results).item<double>(), 0.2 * before);
}

}  // namespace
}  // namespace makeover::engine
