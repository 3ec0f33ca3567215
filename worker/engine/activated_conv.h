// A convolution with what stands around it, as one operation: the activation in front, the sum with
// its own input, halving behind or doubling in front. On processors with AVX-512 or AVX2 its
// kernels compute both directions, see kernels/kernels.h; elsewhere LibTorch does, to the same
// result.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace makeover::engine {

enum class Resample {
  kNone,
  kMeanPool,  // the result's 2x2 means; a last odd line is left out
  kTwice,     // each pixel of the input as 2x2 of it, before anything else
};

// y = [x +] conv(act(x)). Halving and doubling are part of the kernel, which then has one line and
// column more and computes a quarter of the places: for 3x3, 16 products instead of 36.
struct ConvOptions {
  int64_t stride = 1;   // 1 with a Resample or a residual
  int64_t padding = 0;  // (kernel - 1) / 2
  double slope = 1;     // of a leaky ReLU in front: 1 for none, 0 for ReLU
  bool residual = false;
  Resample resample = Resample::kNone;
};

// x: [N, in, H, W] in float32 or bfloat16; weight: [out, in, kernel, kernel] and bias: [out]
// float32. Sums are float32. Equal arguments and threads give equal bits, gradients too; a picture
// gives the same bits beside any others. Can be differentiated twice, the second time as the plain
// form.
torch::Tensor ActivatedConv(const torch::Tensor& x, const torch::Tensor& weight,
                            const torch::Tensor& bias, const ConvOptions& options);

// scale * x + conv(act(x)) instead, [in] float32 by channels. REQUIRES: kernels for x, a residual,
// and that no gradient is wanted.
torch::Tensor ScaledActivatedConv(const torch::Tensor& x, const torch::Tensor& weight,
                                  const torch::Tensor& bias, const torch::Tensor& scale,
                                  const ConvOptions& options);

// conv(x) + each pixel of `half` as 2x2 of it: [N, out, H / 2, W / 2] of x's type. REQUIRES:
// kernels for x, and that no gradient is wanted.
torch::Tensor TwicePlusConv(const torch::Tensor& half, const torch::Tensor& x,
                            const torch::Tensor& weight, const torch::Tensor& bias,
                            int64_t padding);

// ActivatedConv by LibTorch's operations in any type.
torch::Tensor PlainActivatedConv(const torch::Tensor& x, const torch::Tensor& weight,
                                 const torch::Tensor& bias, const ConvOptions& options);

}  // namespace makeover::engine
