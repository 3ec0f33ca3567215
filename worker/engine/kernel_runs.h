// Kernels on tensors and threads. All tensors are on the processor but where a function says
// otherwise; pictures are channels_last.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine {

// Whether kernels compute with such tensors here: their device, type and the processor. Those of a
// GPU are in cuda/device_runs.h.
bool KernelsFor(const torch::Tensor& x);
bool KernelsFor(const torch::Device& device, torch::ScalarType type);

// A square kernel [out, in, n, n] float32 that reads at stride * y + i - padding.
struct KernelShape {
  torch::Tensor kernel;
  int64_t stride = 1;
  int64_t padding = 0;
};

// What is added: `scale` * values at the output's resolution, twice or half of it.
struct Finish {
  torch::Tensor bias;  // [out] float32 or none
  torch::Tensor mask;  // like the result, or none: where it is not positive, times slope
  double slope = 1;
  kernels::Residual residual = kernels::Residual::kNone;
  torch::Tensor values;
  double scale = 1;
  torch::Tensor scales;  // [out] float32 by channels instead of `scale`, or none
};

// out[y] = the sum over i of kernel[i] * act(x[stride * y + i - padding]), finished.
torch::Tensor RunConv(const torch::Tensor& x, double slope, const KernelShape& shape,
                      const Finish& finish, int64_t height, int64_t width);

// The transpose, from out to in: result[stride * y + i - padding] += kernel[i]' * act(x[y]). The
// kernel stays [out, in, n, n], x has its `out` channels, the result its `in`.
torch::Tensor RunTransposedConv(const torch::Tensor& x, double slope, const KernelShape& shape,
                                const Finish& finish, int64_t height, int64_t width);

// Whether this kernel, 3x3 with padding 1, has ways of its own around 2x2 blocks: the two below.
bool HasBlockConvs(const torch::Tensor& kernel);

// Such a kernel, as it is or transposed as above, each weight times `scale`.
struct BlockKernel {
  torch::Tensor kernel;  // [out, in, 3, 3] float32
  bool transposed = false;
  double scale = 1;
};

// The 2x2 sums of the convolution of act(x), [N, .., height, width].
torch::Tensor RunPooledConv(const torch::Tensor& x, double slope, const BlockKernel& kernel,
                            const Finish& finish, int64_t height, int64_t width);

// The convolution of act(x) with each of its pixels as 2x2, [N, .., height, width]; zeros follow x
// where that is larger than twice x.
torch::Tensor RunDoubledConv(const torch::Tensor& x, double slope, const BlockKernel& kernel,
                             const Finish& finish, int64_t height, int64_t width);

// The gradient [out, in, n, n] float32 of RunConv's kernel, where g has the result's shape and both
// x and g go through leaky ReLUs: the sum over pictures and places of act(x[stride * y + i -
// padding]) * act'(g[y]).
torch::Tensor RunWeightGradient(const torch::Tensor& x, double slope, const torch::Tensor& g,
                                double g_slope, int64_t n, int64_t stride, int64_t padding);

// The same of RunPooledConv's, times `scale`: [out, in, 3, 3], or [in, out, 3, 3] of the
// transposed.
torch::Tensor RunPooledWeightGradient(const torch::Tensor& x, double slope, const torch::Tensor& g,
                                      double g_slope, bool transposed, double scale);

// linear * x + rectified * max(x, 0) + bias by 1x1 kernels [out, in] to a few channels, float32. On
// a GPU too, as the next two.
torch::Tensor RunNarrowOutputs(const torch::Tensor& x, const torch::Tensor& linear,
                               const torch::Tensor& rectified, const torch::Tensor& bias);

// weight * x + bias by a 1x1 kernel [out, in] from a few channels of float32 to the type.
torch::Tensor RunNarrowInputs(const torch::Tensor& x, const torch::Tensor& weight,
                              const torch::Tensor& bias, torch::ScalarType type);

// picture + tanh(change's first three) * sigmoid(its fourth): [N, 3, H, W] float32 and [N, 4, H,
// W].
torch::Tensor RunMaskedChange(const torch::Tensor& picture, const torch::Tensor& change);

// Two sums for each channel, float64.
struct ChannelSums {
  torch::Tensor first, second;
};
// Of x - shift and of its square.
ChannelSums RunMoments(const torch::Tensor& x, const torch::Tensor& shift);
// Of g and of g * (y - shift).
ChannelSums RunProducts(const torch::Tensor& g, const torch::Tensor& y, const torch::Tensor& shift);
// a * x + b * y + c by channels; y may be none.
torch::Tensor RunAffine(const torch::Tensor& x, const torch::Tensor& y, const torch::Tensor& a,
                        const torch::Tensor& b, const torch::Tensor& c);

}  // namespace makeover::engine
