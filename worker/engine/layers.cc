#include "worker/engine/layers.h"

#include <algorithm>

#include "worker/engine/shift_norm.h"

namespace makeover::engine {
namespace {

ConvOptions ResidualOptions(int64_t padding, Resample resample) {
  ConvOptions options;
  options.padding = padding;
  options.slope = 0;
  options.residual = true;
  options.resample = resample;
  return options;
}

}  // namespace

ConvImpl::ConvImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : stride_(stride), padding_((kernel - 1) / 2) {
  weight = register_parameter("weight", torch::zeros({out, in, kernel, kernel}));
  bias = register_parameter("bias", torch::zeros({out}));
}

torch::Tensor ConvImpl::forward(const torch::Tensor& x, double slope) {
  ConvOptions options;
  options.stride = stride_;
  options.padding = padding_;
  options.slope = slope;
  return ActivatedConv(x, weight, bias, options);
}

torch::Tensor ConvImpl::AddedTo(const torch::Tensor& x, Resample resample) {
  return ActivatedConv(x, weight, bias, ResidualOptions(padding_, resample));
}

torch::Tensor ConvImpl::AddedTo(const torch::Tensor& x, Resample resample,
                                const torch::Tensor& scale, const torch::Tensor& shift) {
  return ScaledActivatedConv(x, weight * scale.view({-1, 1, 1, 1}), bias * scale + shift, scale,
                             ResidualOptions(padding_, resample));
}

torch::Tensor ConvImpl::Scaled(const torch::Tensor& x, const torch::Tensor& scale,
                               const torch::Tensor& shift) {
  ConvOptions options;
  options.stride = stride_;
  options.padding = padding_;
  return ActivatedConv(x, weight * scale.view({-1, 1, 1, 1}), bias * scale + shift, options);
}

torch::Tensor ConvImpl::AddedToTwice(const torch::Tensor& half, const torch::Tensor& x) {
  return TwicePlusConv(half, x, weight, bias, padding_);
}

ShiftNormImpl::ShiftNormImpl(int64_t channels, const NetworkOptions& options)
    : epsilon_(options.norm_epsilon), momentum_(options.norm_momentum) {
  bias_ = register_parameter("bias", torch::zeros({channels}));
  running_mean_ = register_buffer("running_mean", torch::zeros({channels}));
  running_var_ = register_buffer("running_var", torch::ones({channels}));
}

torch::Tensor ShiftNormImpl::forward(const torch::Tensor& x, int64_t copies) {
  return ShiftNormalise(x, bias_, running_mean_, running_var_,
                        {is_training(), epsilon_, momentum_, copies});
}

torch::Tensor ShiftNormImpl::Scale() const { return torch::rsqrt(running_var_ + epsilon_); }

torch::Tensor ShiftNormImpl::Shift() const { return bias_ - running_mean_ * Scale(); }

ResidualBlockImpl::ResidualBlockImpl(int64_t in, int64_t out, int64_t kernel,
                                     const NetworkOptions& options) {
  if (in != out) projection = register_module("projection", Conv(in, out, 1));
  norm = register_module("norm", ShiftNorm(out, options));
  conv1 = register_module("conv1", Conv(out, out, kernel));
  conv2 = register_module("conv2", Conv(out, out, kernel));
}

torch::Tensor ResidualBlockImpl::forward(torch::Tensor x, Resample resample) {
  return Convolved(Normalised(x, resample), resample);
}

torch::Tensor ResidualBlockImpl::Normalised(const torch::Tensor& x, Resample resample) {
  const int64_t copies = resample == Resample::kTwice ? 4 : 1;
  if (BeginsWithNorm()) return norm(x, copies);
  if (is_training() || torch::GradMode::is_enabled()) return norm(projection(x), copies);
  // In inference the normalisation is part of the projection.
  return projection->Scaled(x, norm->Scale(), norm->Shift());
}

torch::Tensor ResidualBlockImpl::Convolved(torch::Tensor x, Resample resample,
                                           const ShiftNorm& next) {
  const bool twice = resample == Resample::kTwice;
  const Resample behind = twice ? Resample::kNone : resample;
  x = conv1->AddedTo(x, twice ? Resample::kTwice : Resample::kNone);
  if (next.is_empty()) return conv2->AddedTo(x, behind);
  return conv2->AddedTo(x, behind, next->Scale(), next->Shift());
}

std::pair<torch::Tensor, torch::Tensor> ResidualBlockImpl::FoldedProjection() const {
  const torch::Tensor scale = norm->Scale();
  return {projection->weight.flatten(1) * scale.view({-1, 1}),
          projection->bias * scale + norm->Shift()};
}

torch::Tensor MeanPool(const torch::Tensor& x) { return torch::avg_pool2d(x, 2); }

torch::Tensor Twice(const torch::Tensor& x) {
  return torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

torch::Tensor NetworkInput(const torch::Tensor& x, torch::ScalarType type) {
  return (2 * x - 1).to(type).contiguous(torch::MemoryFormat::ChannelsLast);
}

void InitialiseUniform(ConvImpl* conv, float bound, Random* random) {
  const torch::NoGradGuard guard;
  const torch::Tensor weight = torch::empty(conv->weight.sizes(), torch::kFloat32);
  float* values = weight.data_ptr<float>();
  for (int64_t i = 0; i < weight.numel(); ++i) values[i] = bound * random->Signed();
  conv->weight.copy_(weight);
  conv->bias.zero_();
}

void AddIdentity(ConvImpl* conv) {
  const torch::NoGradGuard guard;
  const int64_t centre = conv->weight.size(2) / 2;
  for (int64_t i = 0; i < std::min(conv->weight.size(0), conv->weight.size(1)); ++i) {
    conv->weight[i][i][centre][centre] += 1;
  }
}

}  // namespace makeover::engine
