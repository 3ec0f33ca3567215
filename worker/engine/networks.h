// Generator and discriminator of recipe `classic`: the first published version of deep-makeover
// (2017).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace makeover::engine {

// How a network computes. Weights are float32 always; convolutions run in `type`.
struct NetworkOptions {
  torch::ScalarType type = torch::kFloat32;
  double norm_epsilon = 1e-3;
  double norm_momentum = 0.01;  // weight of the newest batch in the running statistics
};

// A convolution with bias and "same" padding that computes in the type of its input.
class ConvImpl : public torch::nn::Module {
 public:
  ConvImpl(int64_t in, int64_t out, int64_t kernel);
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight;  // [out, in, kernel, kernel] float32
  torch::Tensor bias;    // [out]

 private:
  int64_t padding_;
};
TORCH_MODULE(Conv);

// Batch normalisation (Ioffe and Szegedy, 2015) with shift and without scale: the convolution that
// follows scales. In training by the batch's own statistics, else by the running ones.
class ShiftNormImpl : public torch::nn::Module {
 public:
  ShiftNormImpl(int64_t channels, const NetworkOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  double epsilon_;
  double momentum_;
  torch::Tensor bias_, running_mean_, running_var_;  // [channels] float32
};
TORCH_MODULE(ShiftNorm);

// RB(out, kernel): a 1x1 projection where the channels change; normalisation; twice x = x +
// conv(relu(x)).
class ResidualBlockImpl : public torch::nn::Module {
 public:
  ResidualBlockImpl(int64_t in, int64_t out, int64_t kernel, const NetworkOptions& options);
  torch::Tensor forward(torch::Tensor x);

 private:
  Conv projection_{nullptr};
  ShiftNorm norm_{nullptr};
  Conv conv1_{nullptr};
  Conv conv2_{nullptr};
};
TORCH_MODULE(ResidualBlock);

// [N, 3, H, W] in [0, 1] to the same shape, in about [-0.05, 1.05]; H and W are multiples of 4.
class GeneratorImpl : public torch::nn::Module {
 public:
  explicit GeneratorImpl(const NetworkOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::ScalarType type_;
  std::vector<ResidualBlock> blocks_;
  Conv output_{nullptr};
};
TORCH_MODULE(Generator);

// [N, 3, H, W] in [0, 1] to logits [N]: above 0 means "a real target face". H and W are at
// least 16.
class DiscriminatorImpl : public torch::nn::Module {
 public:
  explicit DiscriminatorImpl(const NetworkOptions& options);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::ScalarType type_;
  std::vector<ResidualBlock> blocks_;
  Conv output_{nullptr};
};
TORCH_MODULE(Discriminator);

// Near-identity: weights uniform in +-0.1 / (kernel^2 in out), biases 0; a projection, and the
// generator's output convolution, which is one, adds 1 at the centre tap from channel i to channel
// i. Equal seeds give equal weights.
void Initialise(Generator& generator, uint64_t seed);
void Initialise(Discriminator& discriminator, uint64_t seed);

}  // namespace makeover::engine
