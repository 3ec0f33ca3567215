// Every kernel against LibTorch's own operations in float64: results and gradients.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/conv_cases.h"
#include "worker/engine/activated_conv.h"
#include "worker/engine/kernel_runs.h"
#include "worker/engine/shift_norm.h"

namespace makeover::engine {
namespace {

// Where kernels compute, and in what.
struct Kind {
  torch::Device device;
  torch::ScalarType type;

  torch::Tensor At(const torch::Tensor& here) const { return here.to(device); }
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.type << " on " << kind.device;
}

// Those of this machine: float32 at least where its processor has any, and a GPU's.
std::vector<Kind> Kinds() {
  // Rounded to TF32, cuDNN's float32 would be no more exact than bfloat16.
  at::globalContext().setAllowTF32CuDNN(false);
  std::vector<torch::Device> devices = {torch::kCPU};
  if (torch::cuda::is_available()) devices.emplace_back(torch::kCUDA, 0);
  std::vector<Kind> kinds;
  for (const torch::Device& device : devices)
    for (const torch::ScalarType type : {torch::kFloat32, torch::kBFloat16})
      if (KernelsFor(device, type)) kinds.push_back({device, type});
  return kinds;
}

// So many threads as long as this lives.
class Threads {
 public:
  explicit Threads(int count) : before_(torch::get_num_threads()) { torch::set_num_threads(count); }
  ~Threads() { torch::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

// A GPU stores a convolution's result before it finishes it.
double Tolerance(const Kind& kind) {
  if (kind.type == torch::kFloat32) return 2e-6;
  return kind.device.is_cpu() ? 6e-3 : 1e-2;
}

// Result, then the gradients of its product with g.
std::vector<torch::Tensor> ConvResults(const ConvCase& c, const torch::Tensor& x,
                                       const torch::Tensor& weight, const torch::Tensor& bias,
                                       const torch::Tensor& g, bool plain) {
  const std::vector<torch::Tensor> inputs = {x.detach().clone().requires_grad_(),
                                             weight.detach().clone().requires_grad_(),
                                             bias.detach().clone().requires_grad_()};
  const torch::Tensor y = plain ? PlainActivatedConv(inputs[0], inputs[1], inputs[2], c.options)
                                : ActivatedConv(inputs[0], inputs[1], inputs[2], c.options);
  std::vector<torch::Tensor> results = torch::autograd::grad({y}, inputs, {g.to(y.scalar_type())});
  results.insert(results.begin(), y.detach());
  return results;
}

void CheckConv(const ConvCase& c, const Kind& kind) {
  const torch::ScalarType type = kind.type;
  torch::manual_seed(7);
  // Some values are 0, where activations bend.
  const torch::Tensor x = torch::dropout(Random({3, c.in, c.height, c.width}, type), 0.1, true);
  // Weights that bfloat16 holds exactly, so that rounding is in the results alone.
  const torch::Tensor weight =
      (Random({c.out, c.in, c.kernel, c.kernel}, torch::kBFloat16) * 0.25).to(torch::kFloat32);
  const torch::Tensor bias = Random({c.out}, torch::kFloat32);
  const torch::Tensor like = PlainActivatedConv(x.to(torch::kFloat64), weight.to(torch::kFloat64),
                                                bias.to(torch::kFloat64), c.options);
  const torch::Tensor g = Random(like.sizes(), type);
  const std::vector<torch::Tensor> found =
      ConvResults(c, kind.At(x), kind.At(weight), kind.At(bias), kind.At(g), false);
  const std::vector<torch::Tensor> exact =
      ConvResults(c, x.to(torch::kFloat64), weight.to(torch::kFloat64), bias.to(torch::kFloat64),
                  g.to(torch::kFloat64), true);
  const char* names[] = {"result", "gradient of x", "gradient of the weight",
                         "gradient of the bias"};
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].sizes(), exact[i].sizes());
    EXPECT_LT(Error(found[i], exact[i]), Tolerance(kind))
        << names[i] << ", " << kind << ", " << Describe(c);
  }
}

TEST(ActivatedConvTest, ResultsAndGradientsAreThoseOfFloat64) {
  const Threads threads(2);
  for (const Kind& kind : Kinds())
    for (const ConvCase& c : ConvCases()) CheckConv(c, kind);
}

// Pictures larger than a strip, so that strips meet.
TEST(ActivatedConvTest, StripsMeet) {
  for (const Kind& kind : Kinds()) {
    for (const Resample resample : {Resample::kNone, Resample::kMeanPool, Resample::kTwice}) {
      ConvCase c = {48, 48, 3, 61, 80, {}};
      c.options = {1, 1, 0, true, resample};
      CheckConv(c, kind);
    }
  }
}

TEST(ActivatedConvTest, GivesAPictureTheSameBitsAloneAndInABatch) {
  const Threads threads(2);
  for (const Kind& kind : Kinds()) {
    if (!kind.device.is_cpu()) continue;  // cuDNN chooses its ways by the size of the batch
    const torch::ScalarType type = kind.type;
    for (const Resample resample : {Resample::kNone, Resample::kMeanPool, Resample::kTwice}) {
      const torch::Tensor x = Random({5, 24, 30, 20}, type);
      const torch::Tensor weight = torch::randn({24, 24, 3, 3});
      const torch::Tensor bias = torch::randn({24});
      const ConvOptions options = {1, 1, 0, true, resample};
      const torch::Tensor all = ActivatedConv(x, weight, bias, options);
      const torch::Tensor one = ActivatedConv(x.narrow(0, 3, 1), weight, bias, options);
      EXPECT_TRUE(torch::equal(all.narrow(0, 3, 1), one)) << type;
    }
  }
}

// A training that went wrong is known by what is not a number, so no ReLU may hide one. With the
// sign of what processors make of 0 / 0.
TEST(ActivatedConvTest, WhatIsNotANumberIsNotHidden) {
  const torch::NoGradGuard guard;
  for (const Kind& kind : Kinds()) {
    const bool narrow = kind.type == torch::kBFloat16;
    const torch::ScalarType bits = narrow ? torch::kInt16 : torch::kInt32;
    const int64_t not_a_number = narrow ? 0xFFC0 - (1 << 16) : -(int64_t{1} << 22);
    for (const double slope : {0., 0.2}) {
      for (const int64_t size : {1, 3}) {
        const torch::Tensor x = Random({1, 48, 9, 8}, kind.type);
        x.view(bits).select(1, 20).select(1, 4).select(1, 3).fill_(not_a_number);
        ASSERT_EQ(x.isnan().sum().item<int64_t>(), 1);
        const ConvOptions options = {1, size / 2, slope, false, Resample::kNone};
        const torch::Tensor found =
            ActivatedConv(kind.At(x), kind.At(torch::randn({32, 48, size, size})),
                          kind.At(torch::randn({32})), options);
        // Of all places that read it; some methods give more.
        EXPECT_GE(found.isnan().sum().item<int64_t>(), 32 * size * size)
            << kind << ", slope " << slope << ", " << size;
      }
    }
  }
}

TEST(ActivatedConvTest, ItsResidualCanBeScaledByChannels) {
  const torch::NoGradGuard guard;
  for (const Kind& kind : Kinds()) {
    const torch::ScalarType type = kind.type;
    for (const Resample resample : {Resample::kNone, Resample::kMeanPool, Resample::kTwice}) {
      torch::manual_seed(5);
      const torch::Tensor x = Random({2, 40, 10, 7}, type);
      const torch::Tensor weight =
          (Random({40, 40, 3, 3}, torch::kBFloat16) * 0.25).to(torch::kFloat32);
      const torch::Tensor bias = torch::randn({40});
      const torch::Tensor scale = torch::rand({40}) + 0.5;
      ConvOptions options = {1, 1, 0, false, resample};
      torch::Tensor exact = PlainActivatedConv(x.to(torch::kFloat64), weight.to(torch::kFloat64),
                                               bias.to(torch::kFloat64), options);
      torch::Tensor added = x.to(torch::kFloat64);
      if (resample == Resample::kMeanPool) added = torch::avg_pool2d(added, 2);
      if (resample == Resample::kTwice) added = torch::upsample_nearest2d(added, {20, 14});
      exact = exact + added * scale.view({1, -1, 1, 1});
      options.residual = true;
      EXPECT_LT(Error(ScaledActivatedConv(kind.At(x), kind.At(weight), kind.At(bias),
                                          kind.At(scale), options),
                      exact),
                Tolerance(kind));
    }
  }
}

TEST(ActivatedConvTest, APictureOfHalfTheSizeCanBeAdded) {
  const torch::NoGradGuard guard;
  for (const Kind& kind : Kinds()) {
    const torch::ScalarType type = kind.type;
    torch::manual_seed(6);
    const torch::Tensor half = Random({2, 16, 5, 4}, type);
    const torch::Tensor x = Random({2, 3, 10, 8}, type);
    const torch::Tensor weight =
        (Random({16, 3, 3, 3}, torch::kBFloat16) * 0.25).to(torch::kFloat32);
    const torch::Tensor bias = torch::randn({16});
    ConvOptions options;
    options.padding = 1;
    const torch::Tensor exact =
        PlainActivatedConv(x.to(torch::kFloat64), weight.to(torch::kFloat64),
                           bias.to(torch::kFloat64), options) +
        torch::upsample_nearest2d(half.to(torch::kFloat64), {10, 8});
    EXPECT_LT(
        Error(TwicePlusConv(kind.At(half), kind.At(x), kind.At(weight), kind.At(bias), 1), exact),
        Tolerance(kind));
  }
}

TEST(NarrowTest, ManyChannelsBecomeFew) {
  for (const Kind& kind : Kinds()) {
    const torch::ScalarType type = kind.type;
    for (const auto& [channels, outputs] : {std::pair<int64_t, int64_t>(48, 3), {33, 4}, {7, 1}}) {
      torch::manual_seed(3);
      const torch::Tensor x = Random({3, channels, 5, 7}, type);
      const torch::Tensor linear =
          Random({outputs, channels}, torch::kBFloat16).to(torch::kFloat32);
      const torch::Tensor rectified =
          Random({outputs, channels}, torch::kBFloat16).to(torch::kFloat32);
      const torch::Tensor bias = torch::randn({outputs});
      const torch::Tensor in = x.to(torch::kFloat64);
      const auto conv = [&](const torch::Tensor& from, const torch::Tensor& weight) {
        return torch::conv2d(from, weight.to(torch::kFloat64).view({outputs, channels, 1, 1}));
      };
      const torch::Tensor exact = conv(in, linear) + conv(torch::relu(in), rectified) +
                                  bias.to(torch::kFloat64).view({1, -1, 1, 1});
      const auto run = [&] {
        return RunNarrowOutputs(kind.At(x), kind.At(linear), kind.At(rectified), kind.At(bias));
      };
      const torch::Tensor found = run();
      EXPECT_EQ(found.scalar_type(), torch::kFloat32);
      EXPECT_LT(Error(found, exact), 1e-6) << kind << " " << channels;
      x.select(0, 1).select(1, 2).select(1, 3).fill_(std::nan(""));
      EXPECT_EQ(run().isnan().sum().item<int64_t>(), outputs) << "no place reads its neighbours";
    }
  }
}

TEST(MaskedChangeTest, IsThatOfFloat64) {
  for (const Kind& kind : Kinds()) {
    const torch::ScalarType type = kind.type;
    for (const int64_t width : {3, 4}) {
      torch::manual_seed(8);
      const torch::Tensor picture =
          torch::rand({2, 3, 5, width}).contiguous(torch::MemoryFormat::ChannelsLast);
      torch::Tensor change = Random({2, 4, 5, width}, type) * 3;
      change.select(2, 0) *= 1000;  // as far as a mask is open or shut
      const torch::Tensor y = change.to(torch::kFloat64);
      const torch::Tensor exact = picture.to(torch::kFloat64) +
                                  torch::tanh(y.slice(1, 0, 3)) * torch::sigmoid(y.slice(1, 3, 4));
      EXPECT_LT(Error(RunMaskedChange(kind.At(picture), kind.At(change)), exact), 2e-7);
      change.select(1, 1).fill_(std::nan(""));
      EXPECT_EQ(RunMaskedChange(kind.At(picture), kind.At(change)).isnan().sum().item<int64_t>(),
                2 * 5 * width);
    }
  }
}

TEST(NarrowTest, FewChannelsBecomeMany) {
  for (const Kind& kind : Kinds()) {
    const torch::ScalarType type = kind.type;
    for (const auto& [channels, outputs] : {std::pair<int64_t, int64_t>(3, 24), {3, 16}, {5, 37}}) {
      torch::manual_seed(3);
      const torch::Tensor x = torch::rand({3, channels, 5, 7});
      const torch::Tensor weight = torch::randn({outputs, channels});
      const torch::Tensor bias = torch::randn({outputs});
      const torch::Tensor exact = torch::conv2d(
          x.to(torch::kFloat64), weight.to(torch::kFloat64).view({outputs, channels, 1, 1}),
          bias.to(torch::kFloat64));
      EXPECT_LT(Error(RunNarrowInputs(kind.At(x), kind.At(weight), kind.At(bias), type), exact),
                Tolerance(kind));
    }
  }
}

TEST(ActivatedConvTest, CanBeDifferentiatedTwice) {
  const torch::Tensor x = torch::randn({2, 6, 8, 8}).requires_grad_();
  const torch::Tensor weight = torch::randn({4, 6, 4, 4}).requires_grad_();
  const torch::Tensor bias = torch::randn({4}).requires_grad_();
  const ConvOptions options = {2, 1, 0.2, false, Resample::kNone};
  std::vector<torch::Tensor> found;
  for (const bool plain : {false, true}) {
    const torch::Tensor y = plain ? PlainActivatedConv(x, weight, bias, options)
                                  : ActivatedConv(x, weight, bias, options);
    const torch::Tensor slope = torch::autograd::grad({y.square().sum()}, {x}, {}, true, true)[0];
    found.push_back(torch::autograd::grad({slope.square().sum()}, {weight})[0]);
  }
  EXPECT_LT(Error(found[0], found[1].to(torch::kFloat64)), 1e-5);
}

using Conv = torch::Tensor (*)(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&,
                               const ConvOptions&);

// Losses of a small network that halves and doubles, on the way to the mean of its input.
std::vector<double> LearningCurve(Conv conv, const Kind& kind) {
  torch::manual_seed(11);
  const std::vector<int64_t> channels = {3, 32, 32, 32, 3};
  std::vector<torch::Tensor> weights;
  for (size_t i = 0; i + 1 < channels.size(); ++i) {
    const torch::Tensor weight = torch::randn({channels[i + 1], channels[i], 3, 3}) * 0.06;
    weights.push_back(kind.At(weight).requires_grad_());
    weights.push_back(kind.At(torch::zeros({channels[i + 1]})).requires_grad_());
  }
  torch::optim::Adam adam(weights, torch::optim::AdamOptions(2e-3));
  std::vector<double> losses;
  for (int step = 0; step < 80; ++step) {
    const torch::Tensor pictures = kind.At(torch::rand({8, 3, 24, 16}));
    torch::Tensor y = conv(pictures.to(kind.type), weights[0], weights[1], {1, 1, 1});
    y = conv(y, weights[2], weights[3], {1, 1, 0, true, Resample::kMeanPool});
    y = conv(y, weights[4], weights[5], {1, 1, 0, true, Resample::kTwice});
    y = conv(y, weights[6], weights[7], {1, 1, 0.2});
    const torch::Tensor wanted = torch::avg_pool2d(pictures, 5, 1, 2);
    const torch::Tensor loss = torch::mse_loss(y.to(torch::kFloat32), wanted);
    adam.zero_grad();
    loss.backward();
    adam.step();
    losses.push_back(loss.item<double>());
  }
  return losses;
}

TEST(ActivatedConvTest, ANetworkLearnsAsMuchAsByThePlainForm) {
  const std::vector<double> exact =
      LearningCurve(PlainActivatedConv, {torch::kCPU, torch::kFloat32});
  EXPECT_LT(exact.back(), exact.front() / 10);
  for (const Kind& kind : Kinds()) {
    const torch::ScalarType type = kind.type;
    const std::vector<double> found = LearningCurve(ActivatedConv, kind);
    const double tolerance = type == torch::kFloat32 ? 0.02 : 0.1;
    for (size_t step = 0; step < exact.size(); step += 10) {
      EXPECT_NEAR(found[step] / exact[step], 1, tolerance) << kind << ", step " << step;
    }
  }
}

struct NormResults {
  torch::Tensor y, x_gradient, bias_gradient, running_mean, running_var;
};

NormResults Normalise(const torch::Tensor& values, const torch::Tensor& bias_values,
                      const torch::Tensor& g, const NormOptions& options) {
  NormResults results;
  const torch::Tensor x = values.detach().clone().requires_grad_();
  const torch::Tensor bias = bias_values.detach().clone().requires_grad_();
  results.running_mean = torch::zeros_like(bias_values);
  results.running_var = torch::ones_like(bias_values);
  results.y = ShiftNormalise(x, bias, results.running_mean, results.running_var, options);
  const auto gradients = torch::autograd::grad({results.y}, {x, bias}, {g});
  results.x_gradient = gradients[0];
  results.bias_gradient = gradients[1];
  return results;
}

TEST(ShiftNormTest, ResultsAndGradientsAreThoseOfFloat64) {
  const Threads threads(2);
  for (const Kind& kind : Kinds()) {
    const torch::ScalarType type = kind.type;
    for (const int64_t channels : {3, 24, 96, 100}) {
      torch::manual_seed(9);
      const torch::Tensor x = (torch::randn({4, channels, 9, 7}) * 0.5 + 3).to(type);
      const torch::Tensor bias = torch::randn({channels});
      const torch::Tensor g = Random(x.sizes(), type);
      const NormResults found = Normalise(kind.At(x), kind.At(bias), kind.At(g), {});
      const NormResults exact =
          Normalise(x.to(torch::kFloat64), bias.to(torch::kFloat64), g.to(torch::kFloat64), {});
      EXPECT_LT(Error(found.y, exact.y), Tolerance(kind));
      EXPECT_LT(Error(found.x_gradient, exact.x_gradient), Tolerance(kind));
      EXPECT_LT(Error(found.bias_gradient, exact.bias_gradient), Tolerance(kind));
      EXPECT_LT(Error(found.running_mean, exact.running_mean), 1e-6);
      EXPECT_LT(Error(found.running_var, exact.running_var), 1e-6);
    }
  }
}

TEST(ShiftNormTest, CanBeDifferentiatedTwice) {
  const torch::Tensor values = torch::randn({3, 6, 5, 4});
  const torch::Tensor weight = torch::randn({3, 6, 5, 4});
  std::vector<torch::Tensor> found;
  for (const torch::ScalarType type : {torch::kFloat32, torch::kFloat64}) {
    const torch::Tensor x = values.to(type).requires_grad_();
    const torch::Tensor bias = torch::zeros({6}, type).requires_grad_();
    const torch::Tensor y =
        ShiftNormalise(x, bias, torch::zeros({6}, type), torch::ones({6}, type), NormOptions());
    const torch::Tensor loss = (y.pow(3) * weight.to(type)).sum();
    const torch::Tensor slope = torch::autograd::grad({loss}, {x}, {}, true, true)[0];
    found.push_back(torch::autograd::grad({slope.square().sum()}, {x})[0]);
  }
  EXPECT_LT(Error(found[0], found[1]), 1e-4);
}

TEST(ShiftNormTest, CopiesOfAPlaceAreCounted) {
  const torch::Tensor x = torch::randn({2, 8, 5, 4});
  const torch::Tensor bias = torch::randn({8});
  NormOptions options;
  options.copies = 4;
  const NormResults small = Normalise(x, bias, x, options);
  const torch::Tensor twice = torch::upsample_nearest2d(x, {10, 8});
  const NormResults large = Normalise(twice, bias, twice, {});
  EXPECT_LT(Error(small.running_var, large.running_var.to(torch::kFloat64)), 1e-6);
  EXPECT_LT(Error(torch::upsample_nearest2d(small.y, {10, 8}), large.y.to(torch::kFloat64)), 1e-6);
}

TEST(ShiftNormTest, InferenceUsesTheRunningStatistics) {
  const torch::NoGradGuard guard;
  const torch::Tensor x = torch::randn({2, 20, 5, 4});
  const torch::Tensor bias = torch::randn({20});
  const torch::Tensor mean = torch::randn({20});
  const torch::Tensor variance = torch::rand({20}) + 0.5;
  NormOptions options;
  options.training = false;
  const auto view = [](const torch::Tensor& v) {
    return v.to(torch::kFloat64).view({1, -1, 1, 1});
  };
  const torch::Tensor exact =
      (x - view(mean)) / (view(variance) + options.epsilon).sqrt() + view(bias);
  for (const Kind& kind : Kinds()) {
    if (kind.type != torch::kFloat32) continue;
    const torch::Tensor found =
        ShiftNormalise(kind.At(x), kind.At(bias), kind.At(mean), kind.At(variance), options);
    EXPECT_LT(Error(found, exact), 1e-6) << kind;
  }
}

}  // namespace
}  // namespace makeover::engine
