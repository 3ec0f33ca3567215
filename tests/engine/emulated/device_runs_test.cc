// The kernels of CUDA devices, run by the processor: what they compute, on machines without a GPU.
// kernels_test.cc has the same and more where there is one.
#include "worker/engine/cuda/device_runs.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <utility>
#include <vector>

#include "tests/engine/conv_cases.h"

namespace makeover::engine {
namespace {

const std::vector<torch::ScalarType> kTypes = {torch::kFloat32, torch::kBFloat16};

double Tolerance(torch::ScalarType type) { return type == torch::kFloat32 ? 3e-6 : 1e-2; }

torch::Tensor Double(const torch::Tensor& x) { return x.detach().to(torch::kFloat64); }

// What is added to a convolution's result.
torch::Tensor Resized(const torch::Tensor& x, Resample resample) {
  if (resample == Resample::kMeanPool) return torch::avg_pool2d(x, 2);
  if (resample == Resample::kTwice)
    return torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
  return x;
}

void CheckScales(const ConvCase& c, const torch::Tensor& x, const torch::Tensor& weight,
                 const torch::Tensor& bias) {
  const torch::Tensor scales = torch::rand({c.out}) + 0.5;
  ConvOptions without = c.options;
  without.residual = false;
  const torch::Tensor scaled = Double(x) * Double(scales).view({1, -1, 1, 1});
  const torch::Tensor exact = PlainActivatedConv(Double(x), Double(weight), Double(bias), without) +
                              Resized(scaled, c.options.resample);
  const torch::Tensor activated = DeviceActivated(x, c.options);
  EXPECT_LT(Error(DeviceConv(x, activated, weight, bias, scales, c.options), exact),
            Tolerance(x.scalar_type()))
      << Describe(c);
}

void CheckConv(const ConvCase& c, torch::ScalarType type) {
  torch::manual_seed(7);
  const torch::Tensor x = torch::dropout(Random({3, c.in, c.height, c.width}, type), 0.1, true);
  const torch::Tensor weight =
      (Random({c.out, c.in, c.kernel, c.kernel}, torch::kBFloat16) * 0.25).to(torch::kFloat32);
  const torch::Tensor bias = torch::randn({c.out});
  const std::vector<torch::Tensor> inputs = {
      Double(x).requires_grad_(), Double(weight).requires_grad_(), Double(bias).requires_grad_()};
  const torch::Tensor y = PlainActivatedConv(inputs[0], inputs[1], inputs[2], c.options);
  const torch::Tensor g = Random(y.sizes(), type);
  const auto exact = torch::autograd::grad({y}, inputs, {Double(g)});
  const torch::Tensor activated = DeviceActivated(x, c.options);
  const torch::Tensor found = DeviceConv(x, activated, weight, bias, {}, c.options);
  const ConvGradients gradients = DeviceConvGradients(g, activated, weight, c.options, true, true);
  EXPECT_LT(Error(found, y.detach()), Tolerance(type)) << type << ", " << Describe(c);
  EXPECT_LT(Error(gradients.x, exact[0]), Tolerance(type)) << type << ", " << Describe(c);
  EXPECT_LT(Error(gradients.weight, exact[1]), Tolerance(type)) << type << ", " << Describe(c);
  EXPECT_LT(Error(DeviceChannelSums(g), exact[2]), Tolerance(type)) << type << ", " << Describe(c);
  if (c.options.residual) CheckScales(c, x, weight, bias);
}

TEST(EmulatedDeviceTest, ConvolutionsAndGradientsAreThoseOfFloat64) {
  for (const torch::ScalarType type : kTypes)
    for (const ConvCase& c : ConvCases()) CheckConv(c, type);
}

TEST(EmulatedDeviceTest, OnlyWantedGradientsAreComputed) {
  const torch::Tensor x = torch::randn({2, 8, 6, 5});
  const torch::Tensor weight = torch::randn({8, 8, 3, 3});
  const ConvOptions options = {1, 1, 0, true, Resample::kNone};
  const torch::Tensor activated = DeviceActivated(x, options);
  EXPECT_FALSE(DeviceConvGradients(x, activated, weight, options, false, true).x.defined());
  EXPECT_FALSE(DeviceConvGradients(x, activated, weight, options, true, false).weight.defined());
}

void CheckNorm(int64_t channels, torch::ScalarType type) {
  torch::manual_seed(9);
  const torch::Tensor x = (torch::randn({3, channels, 9, 11}) * 2 + 5).to(type);
  const torch::Tensor bias = torch::randn({channels});
  const torch::Tensor mean = torch::zeros({channels});
  const torch::Tensor variance = torch::ones({channels});
  const NormOptions options = {true, 1e-3, 0.1, 4};
  const DeviceNorm found = DeviceNormalise(x, bias, mean, variance, options);
  const torch::Tensor in = Double(x).requires_grad_();
  const torch::Tensor shift = Double(bias).requires_grad_();
  const torch::Tensor y = torch::batch_norm(in, torch::ones_like(shift), shift, {}, {}, true, 0.1,
                                            options.epsilon, false);
  EXPECT_LT(Error(found.y, y.detach()), Tolerance(type)) << channels;
  EXPECT_LT(Error(mean, 0.1 * Double(x).mean({0, 2, 3})), 1e-6) << channels;
  constexpr double kCount = 4.0 * 3 * 9 * 11;
  const torch::Tensor of_batch = Double(x).var({0, 2, 3}, false) * (kCount / (kCount - 1));
  EXPECT_LT(Error(variance, 0.9 + 0.1 * of_batch), 1e-6) << channels;
  const torch::Tensor g = Random(x.sizes(), type);
  const auto exact = torch::autograd::grad({y}, {in, shift}, {Double(g)});
  const auto [of_x, of_bias] = DeviceNormGradients(g, found.y, bias, found.scale);
  EXPECT_LT(Error(of_x, exact[0]), 2 * Tolerance(type)) << channels;
  EXPECT_LT(Error(of_bias, exact[1]), Tolerance(type)) << channels;
}

TEST(EmulatedDeviceTest, NormalisationAndGradientsAreThoseOfFloat64) {
  for (const torch::ScalarType type : kTypes)
    for (const int64_t channels : {7, 24, 100, 264}) CheckNorm(channels, type);
}

// More places than all threads of all blocks take at once.
TEST(EmulatedDeviceTest, SumsOfManyPlacesAreWhole) {
  const torch::Tensor x = torch::rand({2, 24, 100, 80}).to(torch::kBFloat16);
  EXPECT_LT(Error(DeviceChannelSums(x), Double(x).sum({0, 2, 3})), 1e-6);
}

TEST(EmulatedDeviceTest, FewChannelsBecomeManyAndManyFew) {
  for (const auto& [few, many] : {std::pair<int64_t, int64_t>(3, 24), {4, 37}, {1, 8}}) {
    const torch::Tensor x = torch::rand({2, few, 6, 5});
    const torch::Tensor weight = torch::randn({many, few});
    const torch::Tensor bias = torch::randn({many});
    const torch::Tensor wide =
        torch::conv2d(Double(x), Double(weight).view({many, few, 1, 1}), Double(bias));
    for (const torch::ScalarType type : kTypes)
      EXPECT_LT(Error(DeviceNarrowInputs(x, weight, bias, type), wide), Tolerance(type));
    const torch::Tensor from = Random({2, many, 6, 5}, torch::kBFloat16);
    const torch::Tensor linear = torch::randn({few, many});
    const torch::Tensor bent = torch::randn({few, many});
    const torch::Tensor base = torch::randn({few});
    const torch::Tensor narrow =
        torch::conv2d(Double(from), Double(linear).view({few, many, 1, 1}), Double(base)) +
        torch::conv2d(torch::relu(Double(from)), Double(bent).view({few, many, 1, 1}));
    EXPECT_LT(Error(DeviceNarrowOutputs(from, linear, bent, base), narrow), 1e-5);
  }
}

TEST(EmulatedDeviceTest, AffineMaskedChangeAndHalfSizesAreThoseOfFloat64) {
  const torch::Tensor x = Random({2, 16, 5, 4}, torch::kFloat32);
  const torch::Tensor scale = torch::randn({16});
  const torch::Tensor offset = torch::randn({16});
  const auto view = [](const torch::Tensor& v) { return Double(v).view({1, -1, 1, 1}); };
  EXPECT_LT(Error(DeviceAffine(x, scale, offset), Double(x) * view(scale) + view(offset)), 1e-6);
  const torch::Tensor picture = torch::rand({2, 3, 6, 5});
  const torch::Tensor change = Random({2, 4, 6, 5}, torch::kBFloat16);
  const torch::Tensor masked = Double(picture) + torch::tanh(Double(change).slice(1, 0, 3)) *
                                                     torch::sigmoid(Double(change).slice(1, 3, 4));
  EXPECT_LT(Error(DeviceMaskedChange(picture, change), masked), 1e-6);
  const torch::Tensor large = torch::randn({2, 3, 10, 8});
  const torch::Tensor weight = torch::randn({16, 3, 3, 3});
  const torch::Tensor sum = torch::conv2d(Double(large), Double(weight), Double(offset), 1, 1) +
                            torch::upsample_nearest2d(Double(x), {10, 8});
  EXPECT_LT(Error(DeviceTwicePlusConv(x, large, weight, offset, 1), sum), 1e-6);
}

}  // namespace
}  // namespace makeover::engine
