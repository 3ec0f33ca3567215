// Kernels on tensors of a CUDA device, beside cuDNN's convolutions. Built from device_runs.cc
// beside a LibTorch with CUDA, else from device_runs_without_cuda.cc, where there are none.
// Pictures are channels_last; everything is queued on the current stream.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <utility>

#include "worker/engine/activated_conv.h"
#include "worker/engine/shift_norm.h"

namespace makeover::engine {

// Whether kernels compute on such a device in such a type.
bool DeviceKernelsFor(const torch::Device& device, torch::ScalarType type);

// What a convolution of ActivatedConv's sees: its input, activated and doubled.
torch::Tensor DeviceActivated(const torch::Tensor& x, const ConvOptions& options);

// The convolution of that with the rest of ActivatedConv; `scales` [channels] float32 of the
// residual, or none.
torch::Tensor DeviceConv(const torch::Tensor& x, const torch::Tensor& activated,
                         const torch::Tensor& weight, const torch::Tensor& bias,
                         const torch::Tensor& scales, const ConvOptions& options);

struct ConvGradients {
  torch::Tensor x, weight;  // undefined where not wanted; of g's type, and float32
};
// Of a result's gradient g.
ConvGradients DeviceConvGradients(const torch::Tensor& g, const torch::Tensor& activated,
                                  const torch::Tensor& weight, const ConvOptions& options,
                                  bool of_x, bool of_weight);

// The sums over places by channels, float32.
torch::Tensor DeviceChannelSums(const torch::Tensor& x);

// conv(x) + each pixel of `half` as 2x2 of it.
torch::Tensor DeviceTwicePlusConv(const torch::Tensor& half, const torch::Tensor& x,
                                  const torch::Tensor& weight, const torch::Tensor& bias,
                                  int64_t padding);

struct DeviceNorm {
  torch::Tensor y;
  torch::Tensor scale;  // 1 / deviation, [channels] float32
};
// A batch normalised by its own statistics, which move the running ones.
DeviceNorm DeviceNormalise(const torch::Tensor& x, const torch::Tensor& bias,
                           const torch::Tensor& running_mean, const torch::Tensor& running_var,
                           const NormOptions& options);

// Of its result's gradient g: that of x, and of the bias.
std::pair<torch::Tensor, torch::Tensor> DeviceNormGradients(const torch::Tensor& g,
                                                            const torch::Tensor& y,
                                                            const torch::Tensor& bias,
                                                            const torch::Tensor& scale);

// scale * x + offset by channels.
torch::Tensor DeviceAffine(const torch::Tensor& x, const torch::Tensor& scale,
                           const torch::Tensor& offset);

// As RunNarrowInputs, RunNarrowOutputs and RunMaskedChange.
torch::Tensor DeviceNarrowInputs(const torch::Tensor& x, const torch::Tensor& weight,
                                 const torch::Tensor& bias, torch::ScalarType type);
torch::Tensor DeviceNarrowOutputs(const torch::Tensor& x, const torch::Tensor& linear,
                                  const torch::Tensor& rectified, const torch::Tensor& bias);
torch::Tensor DeviceMaskedChange(const torch::Tensor& picture, const torch::Tensor& change);

}  // namespace makeover::engine
