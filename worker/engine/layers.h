// What the networks are made of.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <utility>

#include "worker/engine/activated_conv.h"
#include "worker/engine/random.h"

namespace makeover::engine {

// How a network computes, and for which pictures. Weights are float32 always; convolutions run in
// `type`.
struct NetworkOptions {
  torch::ScalarType type = torch::kFloat32;
  double norm_epsilon = 1e-3;
  double norm_momentum = 0.01;  // weight of the newest batch in the running statistics
  int64_t height = 100;         // of the pictures; multiples of 4
  int64_t width = 80;
};

// A convolution with bias that computes in the type of its input: [N, in, H, W] to
// [N, out, H / stride, W / stride]. Padding is "same" for odd kernels, 1 for a kernel of 4.
class ConvImpl : public torch::nn::Module {
 public:
  ConvImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1);
  // conv(x), or with a leaky ReLU of this slope in front.
  torch::Tensor forward(const torch::Tensor& x, double slope = 1);
  // x + conv(relu(x)), doubled in front or halved behind.
  torch::Tensor AddedTo(const torch::Tensor& x, Resample resample);
  // The same through scale and shift by channels, on kernels in inference.
  torch::Tensor AddedTo(const torch::Tensor& x, Resample resample, const torch::Tensor& scale,
                        const torch::Tensor& shift);
  // scale * conv(x) + shift by channels, in inference.
  torch::Tensor Scaled(const torch::Tensor& x, const torch::Tensor& scale,
                       const torch::Tensor& shift);
  // conv(x) + each pixel of `half` as 2x2 of it, on kernels in inference.
  torch::Tensor AddedToTwice(const torch::Tensor& half, const torch::Tensor& x);

  int64_t stride() const { return stride_; }
  int64_t padding() const { return padding_; }

  torch::Tensor weight;  // [out, in, kernel, kernel] float32
  torch::Tensor bias;    // [out]

 private:
  int64_t stride_;
  int64_t padding_;
};
TORCH_MODULE(Conv);

// Batch normalisation (Ioffe and Szegedy, 2015) with shift and without scale: the convolution that
// follows scales. In training by the batch's own statistics, else by the running ones.
class ShiftNormImpl : public torch::nn::Module {
 public:
  ShiftNormImpl(int64_t channels, const NetworkOptions& options);
  // Each place of x may stand for several equal ones.
  torch::Tensor forward(const torch::Tensor& x, int64_t copies = 1);

  // In inference the layer is scale * x + shift, both [channels] float32.
  torch::Tensor Scale() const;
  torch::Tensor Shift() const;

 private:
  double epsilon_;
  double momentum_;
  torch::Tensor bias_, running_mean_, running_var_;  // [channels] float32
};
TORCH_MODULE(ShiftNorm);

// RB(out, kernel): a 1x1 projection where the channels change; normalisation; twice x = x +
// conv(relu(x)). Doubling may be asked for in front or halving behind: projection and normalisation
// give the same before doubling as after it, and the convolutions take care of the rest.
class ResidualBlockImpl : public torch::nn::Module {
 public:
  ResidualBlockImpl(int64_t in, int64_t out, int64_t kernel, const NetworkOptions& options);
  torch::Tensor forward(torch::Tensor x, Resample resample = Resample::kNone);

  // forward's parts, the first through the normalisation. The second ends in that of the next
  // block, on kernels in inference, where it is given.
  torch::Tensor Normalised(const torch::Tensor& x, Resample resample = Resample::kNone);
  torch::Tensor Convolved(torch::Tensor x, Resample resample = Resample::kNone,
                          const ShiftNorm& next = nullptr);
  bool BeginsWithNorm() const { return projection.is_empty(); }
  // Projection and normalisation as one 1x1 kernel [out, in] with bias [out], in inference.
  std::pair<torch::Tensor, torch::Tensor> FoldedProjection() const;

  // Public for those who describe or initialise a network. The projection may be empty.
  Conv projection{nullptr};
  ShiftNorm norm{nullptr};
  Conv conv1{nullptr};
  Conv conv2{nullptr};
};
TORCH_MODULE(ResidualBlock);

// 2x2 means; a last odd line is left out.
torch::Tensor MeanPool(const torch::Tensor& x);

// Each pixel as 2x2 of it.
torch::Tensor Twice(const torch::Tensor& x);

// Pictures in [0, 1] to the networks' own range [-1, 1], type and memory format. Channels last is
// the order in which oneDNN and cuDNN compute fastest, and the one in which pictures come.
torch::Tensor NetworkInput(const torch::Tensor& x, torch::ScalarType type);

// Weights uniform in +-bound, from integers alone, so that they are the same on every machine;
// biases 0.
void InitialiseUniform(ConvImpl* conv, float bound, Random* random);

// Adds 1 at the centre tap from channel i to channel i, as far as there are both.
void AddIdentity(ConvImpl* conv);

}  // namespace makeover::engine
