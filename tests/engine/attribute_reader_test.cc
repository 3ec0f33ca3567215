#include "worker/engine/attribute_reader.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "worker/engine/batch.h"

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
const FaceLabels kLabels = {{"bright", "striped"}, {0, 1, 2, 3, 0, 1, 2, 3}, 2, 0};

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

torch::Tensor Labels(const std::vector<Draw>& draws) {
  return MakeLabels(kLabels, draws, torch::kCPU);
}

AttributeReader Taught(const FaceLabels& labels) {
  AttributeReader reader(SmallConfig(), OnProcessor(), labels);
  for (uint64_t step = 0; step < 150; ++step) {
    reader.Learn(reader.OfFaces(Pictures(AllRows()), MakeLabels(labels, AllRows(), torch::kCPU),
                                Chance(step)),
                 2e-3);
  }
  return reader;
}

TEST(FaceLabelsTest, LabelsAreThoseOfTheRows) {
  const torch::Tensor labels = Labels({{3, false}, {0, true}, {2, false}});
  EXPECT_TRUE(torch::equal(labels, torch::tensor({{1.0F, 1.0F}, {0.0F, 0.0F}, {0.0F, 1.0F}})));
}

// What the reader has learnt tells a kept attribute from a lost one.
TEST(AttributeReaderTest, LearnsToReadWhatWasKept) {
  AttributeReader reader = Taught(kLabels);
  const torch::Tensor labels = Labels(AllRows());
  const torch::Tensor pictures = Pictures(AllRows());
  const torch::NoGradGuard guard;
  EXPECT_EQ(reader.steps(), 150);
  EXPECT_LT(reader.OfFaces(pictures, labels, Chance(200)).item<double>(), 0.2);
  EXPECT_GT(reader.OfFaces(pictures.flip(0), labels, Chance(200)).item<double>(), 1);
}

double GradientLength(const torch::Tensor& loss, const torch::Tensor& pictures) {
  return torch::autograd::grad({loss}, {pictures})[0].norm().item<double>();
}

// "bright" shall be as in the source; that all results become striped is the aim.
const FaceLabels kStripedIsTheAim = {{"bright", "striped"}, kLabels.bits, 1, 2};

TEST(AttributeReaderTest, AResultThatKeepsAnAttributeLosesLeast) {
  AttributeReader reader = Taught(kStripedIsTheAim);
  const torch::Tensor sources = Pictures(AllRows());
  const auto loss = [&](const torch::Tensor& results) {
    return reader.OfResults(results, sources, Chance(200)).kept;
  };
  const torch::Tensor same = sources.clone().requires_grad_();
  const torch::Tensor other = sources.flip(0).requires_grad_();
  const torch::Tensor at_same = loss(same);
  const torch::Tensor at_other = loss(other);
  EXPECT_GT(at_other.item<double>(), at_same.item<double>() + 1);
  EXPECT_LT(GradientLength(at_same, same), 1e-6);
  EXPECT_GT(GradientLength(at_other, other), 1e-3);
}

TEST(AttributeReaderTest, AResultThatReachesTheAimLosesLeast) {
  AttributeReader reader = Taught(kStripedIsTheAim);
  const torch::Tensor plain = Pictures({{0, false}, {1, false}, {4, false}, {5, false}});
  const torch::Tensor striped = Pictures({{2, false}, {3, false}, {6, false}, {7, false}});
  const auto loss = [&](const torch::Tensor& results) {
    return reader.OfResults(results, plain, Chance(200)).aimed.item<double>();
  };
  EXPECT_LT(loss(striped), 0.3);
  EXPECT_GT(loss(plain), 1);
}

TEST(AttributeReaderTest, AnAimCanBeThatSomethingGoes) {
  AttributeReader reader = Taught({{"striped"}, {0, 0, 1, 1, 0, 0, 1, 1}, 0, 0});
  const AttributeReader::Losses losses =
      reader.OfResults(Pictures({{0, false}}), Pictures({{2, false}}), Chance(200));
  EXPECT_FALSE(losses.kept.defined());
  EXPECT_LT(losses.aimed.item<double>(), 0.3);
}

TEST(AttributeReaderTest, GoesOnFromItsStateBitForBit) {
  AttributeReader straight(SmallConfig(), OnProcessor(), kLabels);
  AttributeReader resumed(SmallConfig(), OnProcessor(), kLabels);
  const torch::Tensor labels = Labels(AllRows());
  const torch::Tensor pictures = Pictures(AllRows());
  const auto learn = [&](AttributeReader* reader, uint64_t step) {
    reader->Learn(reader->OfFaces(pictures, labels, Chance(step)), 1e-3);
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

}  // namespace
}  // namespace makeover::engine
