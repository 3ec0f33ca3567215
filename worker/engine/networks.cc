#include "worker/engine/networks.h"

#include <algorithm>
#include <string>

#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

torch::Tensor MeanPool(const torch::Tensor& x) { return torch::avg_pool2d(x, 2); }

torch::Tensor Twice(const torch::Tensor& x) {
  return torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

// Pictures in [0, 1] to the networks' own range, type and memory format. Channels last is the order
// in which oneDNN and cuDNN compute fastest, and the one in which pictures come.
torch::Tensor Input(const torch::Tensor& x, torch::ScalarType type) {
  return (2 * x - 1).to(type).contiguous(torch::MemoryFormat::ChannelsLast);
}

// A number in [-1, 1), from integers alone, so that weights are the same on every machine.
float Signed(Random* random) {
  return static_cast<float>(static_cast<int64_t>(random->Next() >> 40) - (1 << 23)) /
         static_cast<float>(1 << 23);
}

void InitialiseConv(ConvImpl* conv, bool projection, Random* random) {
  const torch::NoGradGuard guard;
  const torch::Tensor weight = torch::empty(conv->weight.sizes(), torch::kFloat32);
  const int64_t out = weight.size(0);
  const int64_t in = weight.size(1);
  const int64_t kernel = weight.size(2);
  const float bound = 0.1F / static_cast<float>(kernel * kernel * in * out);
  float* values = weight.data_ptr<float>();
  for (int64_t i = 0; i < weight.numel(); ++i) values[i] = bound * Signed(random);
  for (int64_t i = 0; projection && i < std::min(in, out); ++i) {
    values[((i * in + i) * kernel + kernel / 2) * kernel + kernel / 2] += 1;
  }
  conv->weight.copy_(weight);
  conv->bias.zero_();
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void InitialiseConvs(torch::nn::Module* network, bool output_is_projection, Random random) {
  for (const auto& item : network->named_modules()) {
    auto* conv = item.value()->as<ConvImpl>();
    if (conv == nullptr) continue;
    const bool projection =
        EndsWith(item.key(), "projection") || (output_is_projection && item.key() == "output");
    InitialiseConv(conv, projection, &random);
  }
}

}  // namespace

ConvImpl::ConvImpl(int64_t in, int64_t out, int64_t kernel) : padding_(kernel / 2) {
  weight = register_parameter("weight", torch::zeros({out, in, kernel, kernel}));
  bias = register_parameter("bias", torch::zeros({out}));
}

torch::Tensor ConvImpl::forward(const torch::Tensor& x) {
  return torch::conv2d(x, weight.to(x.scalar_type()), bias.to(x.scalar_type()), 1, padding_);
}

ShiftNormImpl::ShiftNormImpl(int64_t channels, const NetworkOptions& options)
    : epsilon_(options.norm_epsilon), momentum_(options.norm_momentum) {
  bias_ = register_parameter("bias", torch::zeros({channels}));
  running_mean_ = register_buffer("running_mean", torch::zeros({channels}));
  running_var_ = register_buffer("running_var", torch::ones({channels}));
}

torch::Tensor ShiftNormImpl::forward(const torch::Tensor& x) {
  const torch::Tensor scale = torch::ones_like(running_var_);
  return torch::batch_norm(x, scale, bias_, running_mean_, running_var_, is_training(), momentum_,
                           epsilon_,
                           /*cudnn_enabled=*/true);
}

ResidualBlockImpl::ResidualBlockImpl(int64_t in, int64_t out, int64_t kernel,
                                     const NetworkOptions& options) {
  if (in != out) projection_ = register_module("projection", Conv(in, out, 1));
  norm_ = register_module("norm", ShiftNorm(out, options));
  conv1_ = register_module("conv1", Conv(out, out, kernel));
  conv2_ = register_module("conv2", Conv(out, out, kernel));
}

torch::Tensor ResidualBlockImpl::forward(torch::Tensor x) {
  if (!projection_.is_empty()) x = projection_(x);
  x = norm_(x);
  x = x + conv1_(torch::relu(x));
  return x + conv2_(torch::relu(x));
}

GeneratorImpl::GeneratorImpl(const NetworkOptions& options) : type_(options.type) {
  const auto add = [&](int64_t in, int64_t out, int64_t kernel) {
    blocks_.push_back(register_module("block" + std::to_string(blocks_.size()),
                                      ResidualBlock(in, out, kernel, options)));
  };
  add(3, 24, 3);
  add(24, 48, 3);
  add(48, 96, 3);
  add(96, 96, 3);
  add(96, 64, 3);
  add(64, 64, 3);
  add(64, 48, 3);
  add(48, 48, 1);
  output_ = register_module("output", Conv(48, 3, 1));
}

torch::Tensor GeneratorImpl::forward(const torch::Tensor& x) {
  torch::Tensor y = Input(x, type_);
  y = MeanPool(blocks_[0](y));
  y = MeanPool(blocks_[1](y));
  y = Twice(blocks_[3](blocks_[2](y)));
  y = Twice(blocks_[5](blocks_[4](y)));
  y = output_(blocks_[7](blocks_[6](y)));
  // Stretched beyond [0, 1], so that black and white are reached at finite weights.
  return 0.5 + 1.1 * (torch::sigmoid(y.to(torch::kFloat32)) - 0.5);
}

DiscriminatorImpl::DiscriminatorImpl(const NetworkOptions& options) : type_(options.type) {
  int64_t in = 3;
  for (const int64_t out : {32, 48, 96, 128, 128}) {
    blocks_.push_back(register_module("block" + std::to_string(blocks_.size()),
                                      ResidualBlock(in, out, 3, options)));
    in = out;
  }
  output_ = register_module("output", Conv(in, 1, 1));
}

torch::Tensor DiscriminatorImpl::forward(const torch::Tensor& x) {
  torch::Tensor y = Input(x, type_);
  for (size_t i = 0; i + 1 < blocks_.size(); ++i) y = MeanPool(blocks_[i](y));
  // The mean over the picture has nearly the same gradient everywhere, and the last normalisation
  // takes away what is the same: in bfloat16 nothing right would be left for the blocks before it.
  y = y.to(torch::kFloat32);
  return output_(blocks_.back()(y)).mean({1, 2, 3});
}

void Initialise(Generator& generator, uint64_t seed) {
  InitialiseConvs(generator.ptr().get(), true, Random(seed, Stream::kWeights, 0));
}

void Initialise(Discriminator& discriminator, uint64_t seed) {
  InitialiseConvs(discriminator.ptr().get(), false, Random(seed, Stream::kWeights, 1));
}

}  // namespace makeover::engine
