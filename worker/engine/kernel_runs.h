// Kernels on tensors and threads. All tensors are on the processor; pictures are channels_last.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine {

// Whether kernels compute with this tensor here: its device, type and the processor.
bool KernelsFor(const torch::Tensor& x);

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
};

// out[y] = the sum over i of kernel[i] * act(x[stride * y + i - padding]), finished.
torch::Tensor RunConv(const torch::Tensor& x, double slope, const KernelShape& shape,
                      const Finish& finish, int64_t height, int64_t width);

// The transpose, from out to in: result[stride * y + i - padding] += kernel[i]' * act(x[y]). The
// kernel stays [out, in, n, n], x has its `out` channels, the result its `in`.
torch::Tensor RunTransposedConv(const torch::Tensor& x, double slope, const KernelShape& shape,
                                const Finish& finish, int64_t height, int64_t width);

// [n, n, in, out] float32: the sum over pictures and places of act(x[stride * y + i - padding]) *
// act'(g[y]), where act' is a leaky ReLU with `g_slope`.
torch::Tensor RunWeightGradient(const torch::Tensor& x, double slope, const torch::Tensor& g,
                                double g_slope, int64_t n, int64_t stride, int64_t padding);

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
