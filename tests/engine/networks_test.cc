#include "worker/engine/networks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "worker/engine/augment.h"
#include "worker/engine/batch.h"
#include "worker/engine/classic_networks.h"
#include "worker/engine/cuda/normalise.h"
#include "worker/engine/losses.h"
#include "worker/engine/makeover_networks.h"
#include "worker/engine/optimiser.h"

namespace makeover::engine {
namespace {

int64_t ConvolutionParameters(const torch::nn::Module& network) {
  int64_t count = 0;
  for (const auto& item : network.named_parameters()) {
    if (item.key().find("norm") == std::string::npos) count += item.value().numel();
  }
  return count;
}

int64_t NormParameters(const torch::nn::Module& network) {
  int64_t count = 0;
  for (const auto& item : network.named_parameters()) {
    if (item.key().find("norm") != std::string::npos) count += item.value().numel();
  }
  return count;
}

torch::Tensor Faces(int64_t count) {
  torch::manual_seed(3);
  return torch::rand({count, 3, 100, 80});
}

TEST(NetworksTest, HaveThePublishedNumbersOfParameters) {
  const ClassicGenerator generator{NetworkOptions()};
  const ClassicDiscriminator discriminator{NetworkOptions()};
  EXPECT_EQ(ConvolutionParameters(generator), 593603);
  EXPECT_EQ(ConvolutionParameters(discriminator), 835441);
  // One shift per channel of each block.
  EXPECT_EQ(NormParameters(generator), 24 + 48 + 96 + 96 + 64 + 64 + 48 + 48);
  EXPECT_EQ(NormParameters(discriminator), 32 + 48 + 96 + 128 + 128);
}

TEST(NetworksTest, KeepTheirShapes) {
  ClassicGenerator generator{NetworkOptions()};
  ClassicDiscriminator discriminator{NetworkOptions()};
  EXPECT_EQ(generator.forward(Faces(2)).sizes(), (std::vector<int64_t>{2, 3, 100, 80}));
  EXPECT_EQ(discriminator.forward(Faces(2)).sizes(), (std::vector<int64_t>{2}));
}

TEST(NetworksTest, TheUntrainedGeneratorIsNearTheIdentity) {
  ClassicGenerator generator{NetworkOptions()};
  generator.Initialise(5);
  generator.eval();
  const torch::NoGradGuard guard;
  const torch::Tensor faces = Faces(2);
  // Through the sigmoid, after 4x4 pooling: the picture at about half contrast.
  const torch::Tensor pooled =
      torch::upsample_nearest2d(torch::avg_pool2d(2 * faces - 1, 4), {100, 80});
  const torch::Tensor expected = 0.5 + 1.1 * (torch::sigmoid(pooled) - 0.5);
  EXPECT_LT((generator.forward(faces) - expected).abs().max().item<float>(), 0.02F);
  EXPECT_GT((generator.forward(faces) - expected).abs().max().item<float>(), 0.0F);
}

// With two threads 16 are dealt evenly, and 17 and 4 are not.
TEST(NetworksTest, ThreadsThatTakePicturesOfTheirOwnMakeTheSame) {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  for (const torch::ScalarType type : {torch::kFloat32, torch::kBFloat16}) {
    NetworkOptions options;
    options.type = type;
    ClassicGenerator generator{options};
    generator.Initialise(5);
    generator.eval();
    for (const int64_t count : {16, 17, 4}) {
      const torch::Tensor faces = Faces(count);
      const torch::Tensor results = Generated(generator, faces);
      EXPECT_FALSE(results.requires_grad());
      const torch::NoGradGuard guard;
      const double near = type == torch::kFloat32 ? 1e-5 : 0.01;
      EXPECT_TRUE(results.allclose(generator.forward(faces), 0, near)) << count << " " << type;
    }
  }
  at::set_num_threads(before);
}

TEST(NetworksTest, SeedsDecideTheWeights) {
  const auto first = [](uint64_t seed) {
    ClassicGenerator generator{NetworkOptions()};
    generator.Initialise(seed);
    return generator.parameters()[0].clone();
  };
  EXPECT_TRUE(torch::equal(first(1), first(1)));
  EXPECT_FALSE(torch::equal(first(1), first(2)));
}

TEST(NetworksTest, Bfloat16StaysNearFloat32) {
  ClassicGenerator exact{NetworkOptions()};
  NetworkOptions options;
  options.type = torch::kBFloat16;
  ClassicGenerator coarse{options};
  exact.Initialise(5);
  coarse.Initialise(5);
  const torch::NoGradGuard guard;
  const torch::Tensor difference = (exact.forward(Faces(2)) - coarse.forward(Faces(2))).abs();
  EXPECT_EQ(coarse.forward(Faces(2)).scalar_type(), torch::kFloat32);
  EXPECT_LT(difference.max().item<float>(), 0.03F);
  EXPECT_GT(difference.mean().item<float>(), 1e-5F);  // what float32 rounds is a hundred times less
}

// Of the adversarial losses with respect to the weights of both networks.
std::vector<torch::Tensor> GradientsIn(torch::ScalarType type) {
  NetworkOptions options;
  options.type = type;
  ClassicGenerator generator{options};
  ClassicDiscriminator discriminator{options};
  generator.Initialise(5);
  discriminator.Initialise(5);
  const FlatParameters generator_weights(generator);
  const FlatParameters discriminator_weights(discriminator);
  const torch::Tensor faces = Faces(8);
  const torch::Tensor fake = discriminator.forward(generator.forward(faces.narrow(0, 0, 4)));
  const torch::Tensor real = discriminator.forward(faces.narrow(0, 4, 4));
  return {generator_weights.Gradient(AdversarialLoss(fake), true),
          discriminator_weights.Gradient(DiscriminatorLoss(real, fake), false)};
}

TEST(NetworksTest, GradientsInBfloat16PointWhereThoseInFloat32Do) {
  const std::vector<torch::Tensor> exact = GradientsIn(torch::kFloat32);
  const std::vector<torch::Tensor> coarse = GradientsIn(torch::kBFloat16);
  for (size_t i = 0; i < exact.size(); ++i) {
    const float cosine = torch::cosine_similarity(exact[i], coarse[i], 0).item<float>();
    EXPECT_GT(cosine, 0.99F) << (i == 0 ? "generator" : "discriminator");
    EXPECT_FALSE(torch::equal(exact[i], coarse[i]));
  }
}

TEST(LossesTest, NoiseIsTruncatedAndHasItsDeviation) {
  torch::Generator random = torch::globalContext().defaultGenerator(torch::kCPU);
  random.set_current_seed(1);
  const torch::Tensor noise = TruncatedNoise(torch::empty({100000}), 0.2, random);
  EXPECT_LE(noise.abs().max().item<float>(), 0.4001F);
  EXPECT_NEAR(noise.mean().item<float>(), 0, 0.005);
  EXPECT_NEAR(noise.std().item<float>(), 0.2 * 0.8796, 0.005);  // what truncation at 2 leaves
  EXPECT_EQ(TruncatedNoise(torch::empty({3}), 0, random).abs().sum().item<float>(), 0);
}

TEST(AdamTest, FollowsThePaper) {
  torch::Tensor values = torch::tensor({1.0F, 2.0F});
  Adam adam(values, {0.9, 0.999, 1e-8});
  const auto step = [&](const torch::Tensor& gradient) {
    const Adam::Rates rates = adam.Next(0.1);
    adam.Step(gradient, torch::tensor(rates.step), torch::tensor(rates.deviation), values);
  };
  step(torch::tensor({0.5F, -4.0F}));
  // The first step is the rate in the direction of the gradient's sign.
  EXPECT_NEAR(values[0].item<float>(), 0.9, 1e-6);
  EXPECT_NEAR(values[1].item<float>(), 2.1, 1e-6);
  step(torch::tensor({0.0F, -4.0F}));
  // The means, corrected, are 0.9 * 0.1 * 0.5 / (1 - 0.9^2) and 0.999 * 0.001 * 0.25 / (1 -
  // 0.999^2); those of a gradient that stays are the gradient and its square.
  EXPECT_NEAR(values[0].item<float>(), 0.9 - 0.1 * 0.2368421 / 0.3534650, 1e-6);
  EXPECT_NEAR(values[1].item<float>(), 2.2, 1e-6);
  EXPECT_EQ(adam.steps, 2);
}

// Two values of the same deviation, of which a gradient is ten times as long as those before.
TEST(AdamTest, AClippedGradientIsShortenedInTheMeanAlone) {
  const auto after = [](double clip) {
    torch::Tensor values = torch::zeros({2});
    Adam adam(values, {0.5, 0.999, 1e-8, clip});
    const auto step = [&](const torch::Tensor& gradient) {
      const Adam::Rates rates = adam.Next(0.1);
      adam.Step(gradient, torch::tensor(rates.step), torch::tensor(rates.deviation), values);
    };
    for (int i = 0; i < 100; ++i) step(torch::tensor({1.0F, -1.0F}) * (i % 2 == 0 ? 1 : -1));
    const torch::Tensor mean = adam.mean.clone();
    const torch::Tensor before = adam.variance.clone();
    step(torch::tensor({10.0F, -10.0F}));
    EXPECT_TRUE(torch::allclose(adam.variance, before * 0.999 + 0.1)) << clip;
    return (adam.mean - 0.5 * mean) / 0.5;
  };
  // The gradient's deviation is then the root of its corrected variance.
  const double power100 = std::pow(0.999, 100);
  const double deviation = std::sqrt(((1 - power100) * 0.999 + 0.1) / (1 - power100 * 0.999));
  EXPECT_TRUE(torch::allclose(after(0), torch::tensor({10.0F, -10.0F})));
  EXPECT_TRUE(torch::allclose(after(8), torch::tensor({10.0F, -10.0F})));
  EXPECT_TRUE(torch::allclose(after(2), torch::tensor({1.0F, -1.0F}) * 2 * deviation));
}

TEST(FlatParametersTest, ParametersAreViewsOfOneTensor) {
  ClassicGenerator generator{NetworkOptions()};
  generator.Initialise(1);
  const torch::Tensor before = generator.parameters()[0].detach().clone();
  const FlatParameters flat(generator);
  EXPECT_TRUE(torch::equal(generator.parameters()[0], before));
  const torch::NoGradGuard guard;
  torch::Tensor(flat.values()).add_(1);
  EXPECT_TRUE(torch::equal(generator.parameters()[0], before + 1));
}

TEST(BatchTest, NormalisesAndMirrors) {
  const PixelShape shape = {1, 2};
  const std::vector<uint8_t> pixels = {0, 51, 102, 255, 204, 153, 0, 51, 102, 255, 204, 153};
  const torch::Tensor batch = MakeBatch(pixels.data(), {0, 1}, shape, torch::kCPU);
  EXPECT_EQ(batch.sizes(), (std::vector<int64_t>{2, 3, 1, 2}));
  EXPECT_FLOAT_EQ(batch[0][1][0][0].item<float>(), 0.2F);
  EXPECT_FLOAT_EQ(batch[0][0][0][1].item<float>(), 1.0F);
  EXPECT_FLOAT_EQ(batch[1][0][0][0].item<float>(), 1.0F);
  EXPECT_FLOAT_EQ(batch[1][2][0][1].item<float>(), 0.4F);
  EXPECT_EQ(ToPixels(batch[0].unsqueeze(0)), (std::vector<uint8_t>{0, 51, 102, 255, 204, 153}));
}

TEST(BatchTest, TheKernelAgreesWithTheProcessor) {
  if (!CudaKernelsAvailable()) GTEST_SKIP() << "no CUDA device, or built without the toolkit";
  const PixelShape shape = {5, 7};
  std::vector<uint8_t> pixels(static_cast<size_t>(3 * shape.bytes()));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37);
  const std::vector<uint8_t> flips = {0, 1, 1};
  torch::Tensor out = torch::empty({3, 5, 7, 3});
  ASSERT_TRUE(NormalisePixelsFromHost(pixels.data(), flips.data(), 3, 5, 7, out.data_ptr<float>()));
  EXPECT_TRUE(
      torch::equal(out.permute({0, 3, 1, 2}), MakeBatch(pixels.data(), flips, shape, torch::kCPU)));
}

}  // namespace
}  // namespace makeover::engine
