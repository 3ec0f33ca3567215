// Recipe makeover's networks and losses, and generators as graphs.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "worker/engine/augment.h"
#include "worker/engine/config.h"
#include "worker/engine/graph.h"
#include "worker/engine/losses.h"
#include "worker/engine/makeover_networks.h"
#include "worker/engine/networks.h"

namespace makeover::engine {
namespace {

torch::Tensor Faces(int64_t count, int64_t height = 100, int64_t width = 80) {
  torch::manual_seed(3);
  return torch::rand({count, 3, height, width});
}

float Distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<float>();
}

TEST(MakeoverNetworksTest, DepthFollowsTheSize) {
  EXPECT_EQ(GeneratorLevels(48, 40), 1);
  EXPECT_EQ(GeneratorLevels(100, 80), 2);
  EXPECT_EQ(GeneratorLevels(256, 256), 3);
  EXPECT_EQ(GeneratorLevels(252, 252), 2);  // 252 / 8 is not whole
  EXPECT_EQ(DiscriminatorLevels(48, 40), 3);
  EXPECT_EQ(DiscriminatorLevels(100, 80), 4);
  EXPECT_EQ(DiscriminatorLevels(256, 256), 5);
}

TEST(MakeoverNetworksTest, TheUntrainedGeneratorIsNearTheIdentityAtEverySize) {
  for (const auto& [height, width] : {std::pair(48, 40), {100, 80}, {252, 64}, {256, 256}}) {
    NetworkOptions options;
    options.height = height;
    options.width = width;
    MakeoverGenerator generator({16, 2, 16}, options);
    generator.Initialise(5);
    generator.eval();
    const torch::NoGradGuard guard;
    const torch::Tensor faces = Faces(2, height, width);
    const float distance = (generator.forward(faces) - faces).abs().mean().item<float>();
    EXPECT_LT(distance, 0.05F) << height;
    EXPECT_GT(distance, 0.0F) << height;
    MakeoverDiscriminator discriminator({16, 2, 16}, options);
    discriminator.Initialise(5);
    EXPECT_EQ(discriminator.forward(faces).size(0), 2);
    EXPECT_EQ(discriminator.forward(faces).dim(), 3);
  }
}

// What a generator with such a blur adds to the faces.
torch::Tensor Added(double chroma_blur, const torch::Tensor& faces, bool gradients) {
  Config config = RecipeDefaults("makeover");
  config.generator_channels = 16;
  config.chroma_blur = chroma_blur;
  const auto generator = MakeGenerator(config, NetworkOptions());
  generator->eval();
  torch::manual_seed(12);
  const torch::NoGradGuard guard;
  for (torch::Tensor& weight : generator->parameters()) weight += 0.05 * torch::randn_like(weight);
  const torch::AutoGradMode mode(gradients);
  return (generator->forward(faces) - faces).detach();
}

// What a pixel gets of those so many pixels away.
double Share(double pixels, double deviation) {
  double all = 0;
  for (int i = -9; i <= 9; ++i) all += std::exp(-0.5 * i * i / (deviation * deviation));
  return std::exp(-0.5 * pixels * pixels / (deviation * deviation)) / all;
}

TEST(MakeoverNetworksTest, ColoursAreBlurredAndBrightnessIsNot) {
  constexpr double kDeviation = 1.6;  // 0.02 of 80
  const torch::Tensor faces = Faces(2);
  const torch::Tensor sharp = Added(0, faces, false);
  const torch::Tensor brightness = sharp.mean(1, true);
  // Sums of shifted pictures, first across and then down, with nothing outside.
  torch::Tensor chroma = sharp - brightness;
  for (const int64_t side : {3, 2}) {
    const int64_t size = chroma.size(side);
    const torch::Tensor wide = torch::constant_pad_nd(chroma, {9, 9, 9, 9}, 0);
    torch::Tensor sum = torch::zeros_like(chroma);
    for (int64_t off = -9; off <= 9; ++off) {
      const torch::Tensor line =
          wide.narrow(side, 9 + off, size).narrow(5 - side, 9, chroma.size(5 - side));
      sum += Share(static_cast<double>(off), kDeviation) * line;
    }
    chroma = sum;
  }
  for (const bool gradients : {false, true}) {
    const torch::Tensor blurred = Added(0.02, faces, gradients);
    EXPECT_LT(Distance(blurred.mean(1, true), brightness), 1e-5F) << gradients;
    EXPECT_LT(Distance(blurred, brightness + chroma), 5e-3F) << gradients;
    EXPECT_GT(Distance(blurred, sharp), 5e-2F) << gradients;
  }
}

// A generator whose running statistics and weights are far from where they began.
std::shared_ptr<Generator> Shaken(const Config& config, const NetworkOptions& options) {
  auto generator = MakeGenerator(config, options);
  const torch::NoGradGuard guard;
  torch::manual_seed(11);
  for (torch::Tensor& weight : generator->parameters()) weight += 0.02 * torch::randn_like(weight);
  for (auto& buffer : generator->named_buffers()) {
    if (buffer.key() != "chroma_blur") buffer.value() += 0.5 * torch::rand_like(buffer.value());
  }
  generator->eval();
  return generator;
}

std::shared_ptr<Generator> Shaken(const std::string& network,
                                  torch::ScalarType type = torch::kFloat32) {
  Config config;
  config.network = network;
  config.chroma_blur = 0.02;
  config.generator_channels = 16;
  NetworkOptions options;
  options.type = type;
  return Shaken(config, options);
}

// In inference layers take over what stands beside them; where gradients are wanted they do not.
TEST(MakeoverNetworksTest, InferenceComputesTheSameAtEveryDepth) {
  for (const auto& [height, width] : {std::pair(48, 40), std::pair(100, 80), std::pair(160, 160)}) {
    for (const int blocks : {1, 3}) {
      Config config;
      config.network = "makeover";
      config.generator_channels = 16;
      config.generator_blocks = blocks;
      NetworkOptions options;
      options.height = height;
      options.width = width;
      const std::shared_ptr<Generator> generator = Shaken(config, options);
      torch::manual_seed(3);
      const torch::Tensor faces = torch::rand({2, 3, height, width});
      const torch::Tensor expected = generator->forward(faces).detach();
      const torch::NoGradGuard guard;
      ASSERT_GT(Distance(expected, faces), 0.01F);
      EXPECT_LT(Distance(generator->forward(faces), expected), 1e-5F) << height << ", " << blocks;
    }
  }
}

class GraphTest : public testing::TestWithParam<std::string> {};

TEST_P(GraphTest, ComputesWhatTheGeneratorDoes) {
  const std::shared_ptr<Generator> generator = Shaken(GetParam());
  const torch::NoGradGuard guard;
  const torch::Tensor faces = Faces(2);
  const torch::Tensor expected = generator->forward(faces);
  ASSERT_GT(Distance(expected, faces), 0.01F);
  EXPECT_LT(Distance(RunGraph(generator->Describe(), faces), expected), 1e-5F);
}

TEST_P(GraphTest, IsWhatTheGeneratorDoesInBfloat16ButForItsRounding) {
  const std::shared_ptr<Generator> generator = Shaken(GetParam(), torch::kBFloat16);
  const torch::NoGradGuard guard;
  const torch::Tensor faces = Faces(2);
  const torch::Tensor exact = RunGraph(generator->Describe(), faces);
  const torch::Tensor found = generator->forward(faces);
  EXPECT_LT((found - exact).abs().mean().item<float>(), 0.004F);
  EXPECT_GT((found - exact).abs().mean().item<float>(),
            1e-5F);  // float32 rounds a hundred times less
  EXPECT_LT(Distance(found, exact), 0.04F);
}

TEST_P(GraphTest, IsWhatTheGeneratorDoesOnAGpu) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  at::globalContext().setAllowTF32CuDNN(false);
  const std::shared_ptr<Generator> generator = Shaken(GetParam());
  const torch::NoGradGuard guard;
  const torch::Tensor faces = Faces(2);
  const torch::Tensor expected = RunGraph(generator->Describe(), faces);
  generator->to(torch::kCUDA);
  EXPECT_LT(Distance(generator->forward(faces.to(torch::kCUDA)).cpu(), expected), 1e-4F);
}

TEST_P(GraphTest, FoldingLeavesTheResultAndFewerOperations) {
  const Graph plain = Shaken(GetParam())->Describe();
  const Graph folded = FoldNormalisation(plain);
  EXPECT_LT(folded.ops.size(), plain.ops.size());
  EXPECT_LT(Distance(RunGraph(folded, Faces(2)), RunGraph(plain, Faces(2))), 1e-5F);
}

INSTANTIATE_TEST_SUITE_P(Networks, GraphTest, testing::Values("classic", "makeover"));

TEST(AdversarialTest, LossesAreThoseOfTheirPapers) {
  const torch::Tensor real = torch::tensor({2.0F, -1.0F});
  const torch::Tensor fake = torch::tensor({0.5F, -3.0F});
  const auto generator = [&](Adversarial kind) {
    return AdversarialLoss(fake, kind).item<double>();
  };
  const auto discriminator = [&](Adversarial kind) {
    return DiscriminatorLoss(real, fake, kind).item<double>();
  };
  EXPECT_NEAR(generator(Adversarial::kHinge), 1.25, 1e-6);
  EXPECT_NEAR(discriminator(Adversarial::kHinge), (0 + 2) / 2.0 + (1.5 + 0) / 2, 1e-6);
  EXPECT_NEAR(generator(Adversarial::kLeastSquares), (0.25 + 16) / 2, 1e-6);
  EXPECT_NEAR(discriminator(Adversarial::kLeastSquares), (1 + 4) / 2.0 + (0.25 + 9) / 2, 1e-6);
  EXPECT_NEAR(generator(Adversarial::kCrossEntropy),
              (std::log1p(std::exp(-0.5)) + std::log1p(std::exp(3.0))) / 2, 1e-6);
}

TEST(HueLossTest, BrightnessIsFreeAndColourIsNot) {
  const torch::Tensor source = Faces(2);
  EXPECT_NEAR(HueLoss(source + 0.2, source).item<float>(), 0, 1e-6);
  torch::Tensor bluer = source.clone();
  bluer.select(1, 2).add_(0.3);
  // Less its mean of 0.1, the change is -0.1, -0.1 and 0.2.
  EXPECT_NEAR(HueLoss(bluer, source).item<float>(), 0.4 / 3, 1e-6);
  // Place by place: a rim counts though its neighbour makes up for it.
  torch::Tensor rim = source.clone();
  rim.select(1, 2).select(2, 0).add_(0.3);
  rim.select(1, 2).select(2, 1).sub_(0.3);
  EXPECT_NEAR(HueLoss(rim, source).item<float>(), 2.0 / source.size(3) * 0.4 / 3, 1e-6);
}

// 2 pictures of one colour.
torch::Tensor Plain(float red, float green, float blue) {
  return torch::tensor({red, green, blue}).view({1, 3, 1, 1}).expand({2, 3, 4, 4});
}

// Of results where sources and targets are skin.
float ColdOfSkin(const torch::Tensor& result) {
  const torch::Tensor skin = Plain(0.8F, 0.6F, 0.5F);
  return ColdLoss(result, skin, skin).item<float>();
}

TEST(ColdLossTest, WarmAndGreyPlacesAreFree) {
  for (const torch::Tensor& result :
       {Plain(0.9F, 0.9F, 0.9F), Plain(0.2F, 0.2F, 0.2F), Plain(0.9F, 0.3F, 0.3F),
        Plain(0.9F, 0.9F, 0.1F), Plain(0.9F, 0.2F, 0.9F), Plain(0.5F, 0.54F, 0.54F)})
    EXPECT_EQ(ColdOfSkin(result), 0) << result;
}

TEST(ColdLossTest, BlueGreenAndCyanCostHowFarBeyondGreyTheyAre) {
  EXPECT_NEAR(ColdOfSkin(Plain(0.3F, 0.3F, 0.7F)), 0.35 / 2, 1e-6);
  EXPECT_NEAR(ColdOfSkin(Plain(0.3F, 0.7F, 0.2F)), 0.35 / 2, 1e-6);
  EXPECT_NEAR(ColdOfSkin(Plain(0.3F, 0.7F, 0.6F)), (0.25 + 0.05) / 2, 1e-6);
}

TEST(ColdLossTest, WhatWasColdMayStay) {
  const torch::Tensor skin = Plain(0.8F, 0.6F, 0.5F);
  const torch::Tensor sky = Plain(0.2F, 0.3F, 0.6F);
  const auto of_sky = [&](const torch::Tensor& result) {
    return ColdLoss(result, sky, skin).item<float>();
  };
  EXPECT_EQ(of_sky(sky), 0);
  EXPECT_EQ(of_sky(Plain(0.4F, 0.4F, 0.6F)), 0);
  EXPECT_NEAR(of_sky(Plain(0.2F, 0.3F, 0.7F)), 0.05 / 2, 1e-6);
  // Place by place: a warmer neighbour makes up for nothing.
  torch::Tensor rim = sky.clone();
  rim.select(1, 2).select(2, 0).add_(0.3);
  rim.select(1, 2).select(2, 1).sub_(0.3);
  EXPECT_NEAR(of_sky(rim), 0.25 / 4 / 2, 1e-6);
}

TEST(ColdLossTest, WhereTargetsAreColdResultsMayBe) {
  const torch::Tensor skin = Plain(0.8F, 0.6F, 0.5F);
  torch::Tensor painted = Plain(0.3F, 0.7F, 0.3F).clone();
  EXPECT_EQ(ColdLoss(painted, skin, painted).item<float>(), 0);
  // Green by 0.4; of one target of two it makes 0.2 usual.
  painted.select(0, 1).copy_(skin[1]);
  EXPECT_NEAR(ColdLoss(Plain(0.3F, 0.7F, 0.3F), skin, painted).item<float>(), 0.15 / 2, 1e-6);
}

TEST(PurpleLossTest, PurpleCostsBeyondWhatSourceAndTargetsHave) {
  const auto of = [](const torch::Tensor& result, const torch::Tensor& source,
                     const torch::Tensor& target) {
    return PurpleLoss(result, source, target).item<float>();
  };
  const torch::Tensor skin = Plain(0.8F, 0.6F, 0.5F);
  for (const torch::Tensor& result :
       {Plain(0.9F, 0.9F, 0.9F), Plain(0.9F, 0.4F, 0.3F), Plain(0.3F, 0.3F, 0.7F),
        Plain(0.7F, 0.4F, 0.44F), Plain(0.3F, 0.7F, 0.2F)})
    EXPECT_EQ(of(result, skin, skin), 0) << result;
  const torch::Tensor purple = Plain(0.8F, 0.6F, 0.9F);
  EXPECT_NEAR(of(purple, skin, skin), 0.15, 1e-6);
  EXPECT_NEAR(of(Plain(0.9F, 0.6F, 0.8F), skin, skin), 0.15, 1e-6);
  EXPECT_EQ(of(purple, purple, skin), 0);
  EXPECT_EQ(of(purple, skin, purple), 0);
  EXPECT_NEAR(of(purple, Plain(0.7F, 0.6F, 0.7F), skin), 0.05, 1e-6);
}

TEST(MirrorLossTest, IsNoneWhereMirroredFacesGiveMirroredResults) {
  const torch::Tensor results = Faces(4);
  const torch::Tensor mirrored = results.narrow(0, 0, 2).flip(3);
  EXPECT_EQ(MirrorLoss(results, mirrored).item<float>(), 0);
  EXPECT_NEAR(MirrorLoss(results, mirrored + 0.25).item<float>(), 0.25, 1e-6);
  EXPECT_GT(MirrorLoss(results, results.narrow(0, 0, 2)).item<float>(), 0.2F);
}

TEST(MirrorLossTest, MovesBothResults) {
  const torch::Tensor results = Faces(2).requires_grad_();
  const torch::Tensor mirrored = Faces(1).requires_grad_();
  MirrorLoss(results, mirrored).backward();
  EXPECT_GT(results.grad()[0].abs().sum().item<float>(), 0.9F);
  EXPECT_EQ(results.grad()[1].abs().sum().item<float>(), 0);
  EXPECT_GT(mirrored.grad().abs().sum().item<float>(), 0.9F);
}

TEST(GradientPenaltyTest, IsHalfTheSquaredSlope) {
  const torch::Tensor pictures = Faces(3, 4, 4).requires_grad_();
  // Logits of 2 parts; their mean has the gradient 1.5 in each of the 48 values.
  const torch::Tensor sums = pictures.sum({1, 2, 3});
  const torch::Tensor logits = torch::stack({sums, 2 * sums}, 1);
  EXPECT_NEAR(GradientPenalty(logits, pictures).item<double>(), 0.5 * 48 * 1.5 * 1.5, 1e-4);
}

TEST(GradientPenaltyTest, ReachesTheWeights) {
  MakeoverDiscriminator discriminator({8, 1, 8}, NetworkOptions());
  discriminator.Initialise(2);
  const torch::Tensor pictures = Faces(2).requires_grad_();
  const torch::Tensor penalty = GradientPenalty(discriminator.forward(pictures), pictures);
  const auto gradient = torch::autograd::grad({penalty}, {discriminator.parameters()[0]});
  EXPECT_GT(gradient[0].abs().sum().item<float>(), 0.0F);
}

TEST(AugmentTest, IsDrawnBySeedAndIndex) {
  const torch::Tensor faces = Faces(4);
  const auto augment = [&](uint64_t index, double strength) {
    return Augment(faces, DrawAugmentation(faces, strength, Random(1, Stream::kAugment, index)));
  };
  EXPECT_TRUE(torch::equal(augment(1, 0), faces));
  EXPECT_TRUE(torch::equal(augment(1, 1), augment(1, 1)));
  EXPECT_FALSE(torch::equal(augment(1, 1), augment(2, 1)));
  EXPECT_EQ(augment(1, 1).sizes(), faces.sizes());
}

TEST(AugmentTest, ColoursAreBrightenedThenSaturatedThenContrasted) {
  const torch::Tensor faces = Faces(3, 16, 16);
  Augmentation how = DrawAugmentation(faces, 0.8, Random(1, Stream::kAugment, 5));
  how.lines = torch::arange(2, 18).view({1, 1, 16, 1}).expand({3, 1, 16, 1});  // where they were
  how.columns = torch::arange(2, 18).view({1, 1, 1, 16}).expand({3, 1, 1, 16});
  torch::Tensor expected = faces + how.brightness;
  const torch::Tensor grey = expected.mean(1, true);
  expected = grey + how.saturation * (expected - grey);
  const torch::Tensor mean = expected.mean({1, 2, 3}, true);
  expected = mean + how.contrast * (expected - mean);
  EXPECT_LT(Distance(Augment(faces, how), expected), 1e-5F);
  EXPECT_GT(Distance(expected, faces), 0.1F);
}

TEST(AugmentTest, ColoursAreWithinThePublishedRanges) {
  const torch::Tensor faces = torch::empty({4096, 3, 4, 4});
  const Augmentation how = DrawAugmentation(faces, 0.5, Random(1, Stream::kAugment, 5));
  const auto expect_range = [](const torch::Tensor& draws, float least, float most) {
    EXPECT_NEAR(draws.min().item<float>(), least, 0.01F * (most - least));
    EXPECT_NEAR(draws.max().item<float>(), most, 0.01F * (most - least));
    EXPECT_GE(draws.min().item<float>(), least);
    EXPECT_LE(draws.max().item<float>(), most);
  };
  expect_range(how.brightness, -0.25F, 0.25F);
  expect_range(how.saturation, 0.5F, 1.5F);
  expect_range(how.contrast, 0.75F, 1.25F);
}

TEST(AugmentTest, IsAsStrongAsAFactorSays) {
  const torch::Tensor faces = Faces(64, 32, 80);
  const Augmentation drawn = DrawAugmentation(faces, 0.4, Random(1, Stream::kAugment, 5));
  const Augmentation same = Strengthened(drawn, torch::tensor(1.0F));
  EXPECT_TRUE(torch::equal(Augment(faces, same), Augment(faces, drawn)));
  const Augmentation more = Strengthened(drawn, torch::tensor(2.5F));
  EXPECT_LT(Distance(more.brightness, 2.5 * drawn.brightness), 1e-6F);
  EXPECT_LT(Distance(more.saturation - 1, 2.5 * (drawn.saturation - 1)), 1e-6F);
  EXPECT_LT(Distance(more.contrast - 1, 2.5 * (drawn.contrast - 1)), 1e-6F);
  // 0.4 of an eighth of 80 are 4 pixels, and of 32 (1.6) 2, of which 2.5 times are more than 4.
  const torch::Tensor right = drawn.columns - torch::arange(10, 90);
  EXPECT_TRUE(torch::equal(more.columns - torch::arange(10, 90),
                           (2.5 * right.to(torch::kDouble)).round().to(torch::kLong)));
  const torch::Tensor down = drawn.lines - torch::arange(4, 36).view({32, 1});
  EXPECT_EQ(down.max().item<int64_t>(), 2);
  EXPECT_TRUE(torch::equal(more.lines - torch::arange(4, 36).view({32, 1}), 2 * down));
}

TEST(AugmentTest, ShiftsByAnEighthAtMostAndLetsGradientsThrough) {
  torch::Tensor faces = torch::zeros({16, 3, 16, 16});
  faces.slice(2, 8, 9).slice(3, 8, 9).fill_(1);
  faces.requires_grad_();
  const torch::Tensor moved =
      Augment(faces, DrawAugmentation(faces, 1, Random(1, Stream::kAugment, 3)));
  const torch::Tensor middle = moved.slice(2, 6, 11).slice(3, 6, 11);
  for (int64_t i = 0; i < 16; ++i) {
    // The lit pixel is the brightest, whatever its colours became, within 2 pixels of its place.
    const float inside = middle[i].max().item<float>();
    EXPECT_EQ(inside, moved[i].max().item<float>());
  }
  EXPECT_GT(torch::autograd::grad({moved.sum()}, {faces})[0].abs().sum().item<float>(), 0.0F);
}

}  // namespace
}  // namespace makeover::engine
