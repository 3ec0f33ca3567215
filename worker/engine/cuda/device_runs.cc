#include "worker/engine/cuda/device_runs.h"

#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <tuple>

#include "worker/engine/aligned.h"
#include "worker/engine/cuda/channel_sums.h"
#include "worker/engine/cuda/normalise.h"
#include "worker/engine/cuda/pointwise.h"

namespace makeover::engine {
namespace {

cuda::Type TypeOf(const torch::Tensor& x) {
  return x.scalar_type() == torch::kBFloat16 ? cuda::Type::kBfloat16 : cuda::Type::kFloat32;
}

cuda::Stream StreamOf(const torch::Tensor& x) {
  return c10::cuda::getCurrentCUDAStream(x.device().index()).stream();
}

// As the kernels read it.
torch::Tensor Packed(const torch::Tensor& x) {
  return Aligned(x.contiguous(torch::MemoryFormat::ChannelsLast));
}

cuda::Shape ShapeOf(const torch::Tensor& x) { return {x.size(0), x.size(2), x.size(3), x.size(1)}; }

torch::Tensor Empty(const torch::Tensor& like, torch::ScalarType type, int64_t channels,
                    int64_t height, int64_t width) {
  return torch::empty({like.size(0), channels, height, width},
                      like.options().dtype(type).memory_format(torch::MemoryFormat::ChannelsLast));
}

torch::Tensor Empty(const torch::Tensor& like, int64_t height, int64_t width) {
  return Empty(like, like.scalar_type(), like.size(1), height, width);
}

cuda::Resize ResizeOf(Resample resample) {
  if (resample == Resample::kMeanPool) return cuda::Resize::kHalf;
  return resample == Resample::kTwice ? cuda::Resize::kTwice : cuda::Resize::kNone;
}

// In the type of the pictures and their order of dimensions, in one pass.
torch::Tensor KernelFor(const torch::Tensor& x, const torch::Tensor& weight) {
  return Aligned(weight.detach().to(weight.options().requires_grad(false).dtype(x.scalar_type()),
                                    /*non_blocking=*/false, /*copy=*/false,
                                    torch::MemoryFormat::ChannelsLast));
}

// A number for each channel.
torch::Tensor ByChannels(const torch::Tensor& values) {
  return values.defined() ? Aligned(values.detach().contiguous()) : values;
}

float* Floats(const torch::Tensor& values) {
  return values.defined() ? values.data_ptr<float>() : nullptr;
}

const void* Data(const torch::Tensor& x) { return x.defined() ? x.data_ptr() : nullptr; }

torch::Tensor Partials(const torch::Tensor& x) {
  return torch::empty({cuda::PartialSums(ShapeOf(x)), 2, x.size(1)},
                      x.options().dtype(torch::kFloat32));
}

torch::Tensor ChannelsLike(const torch::Tensor& bias) { return torch::empty_like(bias.detach()); }

torch::Tensor Finished(const torch::Tensor& conv, const torch::Tensor& bias,
                       const torch::Tensor& added, const torch::Tensor& scales,
                       cuda::Resize resize) {
  const torch::Tensor biases = ByChannels(bias);
  const torch::Tensor factors = ByChannels(scales);
  cuda::Finish work;
  work.type = TypeOf(conv);
  work.shape = ShapeOf(conv);
  work.conv = conv.data_ptr();
  work.bias = Floats(biases);
  work.added = Data(added);
  work.scale = Floats(factors);
  work.resize = resize;
  const bool half = resize == cuda::Resize::kHalf;
  torch::Tensor out = half ? Empty(conv, conv.size(2) / 2, conv.size(3) / 2) : conv;
  work.out = out.data_ptr();
  cuda::FinishConv(work, StreamOf(conv));
  return out;
}

}  // namespace

bool DeviceKernelsFor(const torch::Device& device, torch::ScalarType type) {
  return device.is_cuda() && (type == torch::kFloat32 || type == torch::kBFloat16) &&
         CudaKernelsRunOn(device.index());
}

torch::Tensor DeviceActivated(const torch::Tensor& x, const ConvOptions& options) {
  const c10::cuda::CUDAGuard guard(x.device());
  const bool twice = options.resample == Resample::kTwice;
  const torch::Tensor in = Packed(x);
  if (options.slope == 1 && !twice) return in;
  const torch::Tensor out =
      twice ? Empty(in, 2 * in.size(2), 2 * in.size(3)) : Empty(in, in.size(2), in.size(3));
  cuda::Activate(TypeOf(in), ShapeOf(in), in.data_ptr(), static_cast<float>(options.slope),
                 twice ? cuda::Resize::kTwice : cuda::Resize::kNone, out.data_ptr(), StreamOf(in));
  return out;
}

torch::Tensor DeviceConv(const torch::Tensor& x, const torch::Tensor& activated,
                         const torch::Tensor& weight, const torch::Tensor& bias,
                         const torch::Tensor& scales, const ConvOptions& options) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::NoGradGuard no_gradient;
  const torch::Tensor conv = Packed(
      torch::conv2d(activated, KernelFor(activated, weight), {}, options.stride, options.padding));
  const torch::Tensor added = options.residual ? Packed(x) : torch::Tensor();
  return Finished(conv, bias, added, scales, ResizeOf(options.resample));
}

ConvGradients DeviceConvGradients(const torch::Tensor& g, const torch::Tensor& activated,
                                  const torch::Tensor& weight, const ConvOptions& options,
                                  bool of_x, bool of_weight) {
  const c10::cuda::CUDAGuard guard(g.device());
  const torch::Tensor result = Packed(g);
  torch::Tensor of_conv = result;
  if (options.resample == Resample::kMeanPool) {
    const int64_t kernel_less = weight.size(2) - 1 - 2 * options.padding;
    of_conv = Empty(result, activated.size(2) - kernel_less, activated.size(3) - kernel_less);
    cuda::SpreadQuarters(TypeOf(result), ShapeOf(of_conv), result.data_ptr(), of_conv.data_ptr(),
                         StreamOf(g));
  }
  const auto [of_input, of_kernel, none] = at::convolution_backward(
      of_conv, activated, KernelFor(activated, weight), at::OptionalIntArrayRef(),
      {options.stride, options.stride}, {options.padding, options.padding}, {1, 1},
      /*transposed=*/false, {0, 0}, /*groups=*/1, {of_x, of_weight, false});
  ConvGradients gradients;
  if (of_weight) gradients.weight = of_kernel.to(torch::kFloat32);
  if (!of_x) return gradients;
  const torch::Tensor conv = Packed(of_input);
  const bool twice = options.resample == Resample::kTwice;
  torch::Tensor out = twice ? Empty(conv, conv.size(2) / 2, conv.size(3) / 2) : conv;
  cuda::InputGradient work;
  work.type = TypeOf(conv);
  work.shape = ShapeOf(out);
  work.conv = conv.data_ptr();
  work.activated = options.slope == 1 ? nullptr : activated.data_ptr();
  work.slope = static_cast<float>(options.slope);
  work.gradient = options.residual ? result.data_ptr() : nullptr;
  work.resize = ResizeOf(options.resample);
  work.out = out.data_ptr();
  if (work.activated != nullptr || work.gradient != nullptr || twice)
    cuda::FinishInputGradient(work, StreamOf(g));
  gradients.x = out;
  return gradients;
}

torch::Tensor DeviceChannelSums(const torch::Tensor& x) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::Tensor in = Packed(x);
  const torch::Tensor partials = Partials(in);
  const torch::Tensor sums = torch::empty({x.size(1)}, partials.options());
  cuda::AddProducts(TypeOf(in), ShapeOf(in), in.data_ptr(), nullptr, nullptr, Floats(partials),
                    StreamOf(x));
  cuda::AddParts(ShapeOf(in), Floats(partials), Floats(sums), StreamOf(x));
  return sums;
}

torch::Tensor DeviceTwicePlusConv(const torch::Tensor& half, const torch::Tensor& x,
                                  const torch::Tensor& weight, const torch::Tensor& bias,
                                  int64_t padding) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::NoGradGuard no_gradient;
  const torch::Tensor conv = Packed(torch::conv2d(x, KernelFor(x, weight), {}, 1, padding));
  return Finished(conv, bias, Packed(half), {}, cuda::Resize::kTwice);
}

DeviceNorm DeviceNormalise(const torch::Tensor& x, const torch::Tensor& bias,
                           const torch::Tensor& running_mean, const torch::Tensor& running_var,
                           const NormOptions& options) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::Tensor in = Packed(x);
  const torch::Tensor partials = Partials(in);
  const torch::Tensor scale = ChannelsLike(bias);
  const torch::Tensor offset = ChannelsLike(bias);
  cuda::AddMoments(TypeOf(in), ShapeOf(in), in.data_ptr(), Floats(partials), StreamOf(x));
  cuda::Norm work;
  work.type = TypeOf(in);
  work.shape = ShapeOf(in);
  work.x = in.data_ptr();
  work.partials = Floats(partials);
  work.bias = Floats(bias.detach());
  work.epsilon = options.epsilon;
  work.momentum = options.momentum;
  work.copies = static_cast<double>(options.copies);
  work.running_mean = Floats(running_mean);
  work.running_variance = Floats(running_var);
  work.scale = Floats(scale);
  work.offset = Floats(offset);
  cuda::FinishNorm(work, StreamOf(x));
  return {DeviceAffine(in, scale, offset), scale};
}

std::pair<torch::Tensor, torch::Tensor> DeviceNormGradients(const torch::Tensor& g,
                                                            const torch::Tensor& y,
                                                            const torch::Tensor& bias,
                                                            const torch::Tensor& scale) {
  const c10::cuda::CUDAGuard guard(g.device());
  const torch::Tensor gradient = Packed(g);
  const torch::Tensor biases = ByChannels(bias);
  const torch::Tensor partials = Partials(gradient);
  const torch::Tensor slope = ChannelsLike(bias);
  const torch::Tensor offset = ChannelsLike(bias);
  const torch::Tensor bias_gradient = ChannelsLike(bias);
  const cuda::Type type = TypeOf(gradient);
  const cuda::Shape shape = ShapeOf(gradient);
  cuda::AddProducts(type, shape, gradient.data_ptr(), y.data_ptr(), Floats(biases),
                    Floats(partials), StreamOf(g));
  cuda::NormGradient work;
  work.shape = shape;
  work.partials = Floats(partials);
  work.bias = Floats(biases);
  work.scale = Floats(scale);
  work.slope = Floats(slope);
  work.offset = Floats(offset);
  work.bias_gradient = Floats(bias_gradient);
  cuda::FinishNormGradient(work, StreamOf(g));
  const torch::Tensor out = Empty(gradient, gradient.size(2), gradient.size(3));
  cuda::Affine(type, shape, gradient.data_ptr(), y.data_ptr(), Floats(scale), Floats(slope),
               Floats(offset), out.data_ptr(), StreamOf(g));
  return {out, bias_gradient};
}

torch::Tensor DeviceAffine(const torch::Tensor& x, const torch::Tensor& scale,
                           const torch::Tensor& offset) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::Tensor in = Packed(x);
  const torch::Tensor out = Empty(in, in.size(2), in.size(3));
  const torch::Tensor a = ByChannels(scale);
  const torch::Tensor c = ByChannels(offset);
  cuda::Affine(TypeOf(in), ShapeOf(in), in.data_ptr(), nullptr, Floats(a), nullptr, Floats(c),
               out.data_ptr(), StreamOf(x));
  return out;
}

torch::Tensor DeviceNarrowInputs(const torch::Tensor& x, const torch::Tensor& weight,
                                 const torch::Tensor& bias, torch::ScalarType type) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::Tensor in = Packed(x);
  const torch::Tensor weights = weight.contiguous();
  const torch::Tensor biases = ByChannels(bias);
  const torch::Tensor out = Empty(in, type, weight.size(0), in.size(2), in.size(3));
  cuda::NarrowInputs(TypeOf(out), ShapeOf(out), in.size(1), Floats(in), Floats(weights),
                     Floats(biases), out.data_ptr(), StreamOf(x));
  return out;
}

torch::Tensor DeviceNarrowOutputs(const torch::Tensor& x, const torch::Tensor& linear,
                                  const torch::Tensor& rectified, const torch::Tensor& bias) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::Tensor in = Packed(x);
  const torch::Tensor straight = ByChannels(linear);
  const torch::Tensor bent = ByChannels(rectified);
  const torch::Tensor biases = ByChannels(bias);
  const torch::Tensor out = Empty(in, torch::kFloat32, linear.size(0), in.size(2), in.size(3));
  cuda::NarrowOutputs(TypeOf(in), ShapeOf(in), in.data_ptr(), Floats(straight), Floats(bent),
                      Floats(biases), linear.size(0), Floats(out), StreamOf(x));
  return out;
}

torch::Tensor DeviceMaskedChange(const torch::Tensor& picture, const torch::Tensor& change) {
  const c10::cuda::CUDAGuard guard(picture.device());
  const torch::Tensor from = Packed(picture);
  const torch::Tensor changes = Packed(change);
  const torch::Tensor out = Empty(from, from.size(2), from.size(3));
  cuda::MaskedChange(TypeOf(changes), ShapeOf(from).places(), Floats(from), changes.data_ptr(),
                     Floats(out), StreamOf(picture));
  return out;
}

}  // namespace makeover::engine
