#include "worker/engine/keeper.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

namespace makeover::engine {
namespace {

Config SmallConfig() {
  Config config = RecipeDefaults("makeover");
  config.size.width = 40;
  config.size.height = 48;
  config.discriminator_channels = 8;
  return config;
}

Compute OnProcessor() {
  Compute compute;
  compute.device = "cpu";
  compute.precision = Precision::kFp32;
  return compute;
}

// Row r has "bright" where r is odd and "striped" where r & 2.
const KeptLabels kLabels = {{"bright", "striped"}, {0, 1, 2, 3, 0, 1, 2, 3}};

std::vector<Draw> AllRows() {
  std::vector<Draw> draws;
  for (int64_t row = 0; row < 8; ++row) draws.push_back({row, false});
  return draws;
}

torch::Tensor Pictures(const std::vector<Draw>& draws) {
  const torch::Tensor noise = 0.1 * torch::rand({static_cast<int64_t>(draws.size()), 3, 48, 40},
                                                at::detail::createCPUGenerator(7));
  torch::Tensor pictures = noise + 0.2;
  for (size_t i = 0; i < draws.size(); ++i) {
    torch::Tensor picture = pictures[static_cast<int64_t>(i)];
    if (draws[i].row % 2 == 1) picture += 0.5;
    if ((draws[i].row & 2) != 0) picture.slice(1, 0, 48, 4) += 0.3;
  }
  return pictures;
}

Random Chance(uint64_t step) { return {1, Stream::kReader, step}; }

TEST(KeeperTest, LabelsAreThoseOfTheRows) {
  const Keeper keeper(SmallConfig(), OnProcessor(), kLabels);
  const torch::Tensor labels = keeper.LabelsOf({{3, false}, {0, true}, {2, false}});
  EXPECT_TRUE(torch::equal(labels, torch::tensor({{1.0F, 1.0F}, {0.0F, 0.0F}, {0.0F, 1.0F}})));
}

// What the reader has learnt tells a kept attribute from a lost one.
TEST(KeeperTest, LearnsToReadWhatWasKept) {
  Keeper keeper(SmallConfig(), OnProcessor(), kLabels);
  const torch::Tensor labels = keeper.LabelsOf(AllRows());
  const torch::Tensor pictures = Pictures(AllRows());
  for (uint64_t step = 0; step < 150; ++step)
    keeper.Learn(keeper.Loss(pictures, labels, Chance(step)), 2e-3);
  const torch::NoGradGuard guard;
  EXPECT_EQ(keeper.steps(), 150);
  EXPECT_LT(keeper.Loss(pictures, labels, Chance(200)).item<double>(), 0.2);
  EXPECT_GT(keeper.Loss(pictures.flip(0), labels, Chance(200)).item<double>(), 1);
}

TEST(KeeperTest, ALostAttributeHasAGradient) {
  Keeper keeper(SmallConfig(), OnProcessor(), kLabels);
  const torch::Tensor pictures = Pictures(AllRows()).requires_grad_();
  const torch::Tensor loss = keeper.Loss(pictures, keeper.LabelsOf(AllRows()), Chance(0));
  EXPECT_GT(torch::autograd::grad({loss}, {pictures})[0].abs().sum().item<double>(), 0);
}

TEST(KeeperTest, GoesOnFromItsStateBitForBit) {
  Keeper straight(SmallConfig(), OnProcessor(), kLabels);
  Keeper resumed(SmallConfig(), OnProcessor(), kLabels);
  const torch::Tensor labels = straight.LabelsOf(AllRows());
  const torch::Tensor pictures = Pictures(AllRows());
  const auto learn = [&](Keeper* keeper, uint64_t step) {
    keeper->Learn(keeper->Loss(pictures, labels, Chance(step)), 1e-3);
  };
  learn(&straight, 0);
  {
    const torch::NoGradGuard guard;
    const NamedTensors from = straight.State();
    const NamedTensors to = resumed.State();
    for (size_t i = 0; i < from.size(); ++i) to[i].second.copy_(from[i].second);
    resumed.SetSteps(straight.steps());
  }
  learn(&straight, 1);
  learn(&resumed, 1);
  const NamedTensors one = straight.State();
  const NamedTensors other = resumed.State();
  for (size_t i = 0; i < one.size(); ++i)
    EXPECT_TRUE(torch::equal(one[i].second, other[i].second)) << one[i].first;
}

TEST(KeeperTest, OneAttributeWillDo) {
  Keeper keeper(SmallConfig(), OnProcessor(), {{"bright"}, {0, 1, 0, 1, 0, 1, 0, 1}});
  const torch::Tensor loss =
      keeper.Loss(Pictures(AllRows()), keeper.LabelsOf(AllRows()), Chance(0));
  EXPECT_EQ(loss.dim(), 0);
}

}  // namespace
}  // namespace makeover::engine
