#include "worker/engine/activated_conv.h"

#include "worker/engine/cuda/device_runs.h"
#include "worker/engine/kernel_runs.h"

namespace makeover::engine {
namespace {

using kernels::Residual;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::Tensor Activated(const torch::Tensor& x, double slope) {
  if (slope == 1) return x;
  return slope == 0 ? torch::relu(x) : torch::leaky_relu(x, slope);
}

// [.., n + 1, n + 1]: the kernel's sum over the four places to which a 2x2 block moves it.
torch::Tensor Widened(const torch::Tensor& kernel) {
  const int64_t n = kernel.size(2);
  const torch::Tensor wide = torch::zeros({kernel.size(0), kernel.size(1), n + 1, n + 1});
  for (int64_t i = 0; i < 4; ++i) wide.narrow(2, i / 2, n).narrow(3, i % 2, n).add_(kernel);
  return wide;
}

// Its transpose.
torch::Tensor Narrowed(const torch::Tensor& wide) {
  const int64_t n = wide.size(2) - 1;
  torch::Tensor kernel = wide.narrow(2, 0, n).narrow(3, 0, n).clone();
  for (int64_t i = 1; i < 4; ++i) kernel.add_(wide.narrow(2, i / 2, n).narrow(3, i % 2, n));
  return kernel;
}

// The options as one convolution (or, for kTwice, one transposed convolution, whose kernel lies the
// other way about).
KernelShape ShapeOf(const torch::Tensor& weight, const ConvOptions& options) {
  const torch::Tensor kernel = weight.detach();
  if (options.resample == Resample::kMeanPool) {
    return {Widened(kernel).mul_(0.25), 2, options.padding};
  }
  if (options.resample == Resample::kTwice) {
    return {Widened(kernel).flip({2, 3}).transpose(0, 1), 2, options.padding};
  }
  return {kernel.contiguous(), options.stride, options.padding};
}

Residual Opposite(Residual residual) {
  if (residual == Residual::kSumOf4) return Residual::kHalf;
  return residual == Residual::kHalf ? Residual::kSumOf4 : residual;
}

// How the input is added to the result.
void AddResidual(const ConvOptions& options, const torch::Tensor& values, bool backward,
                 Finish* finish) {
  if (!options.residual) return;
  Residual residual = Residual::kSame;
  if (options.resample == Resample::kMeanPool) residual = Residual::kSumOf4;
  if (options.resample == Resample::kTwice) residual = Residual::kHalf;
  finish->residual = backward ? Opposite(residual) : residual;
  finish->values = values;
  finish->scale = options.resample == Resample::kMeanPool ? 0.25 : 1;
}

bool HasBlocks(const torch::Tensor& weight, const ConvOptions& options) {
  return options.resample != Resample::kNone && options.padding == 1 &&
         HasBlockConvs(weight.detach());
}

// The weights of a mean of four places.
double BlockScale(const ConvOptions& options) {
  return options.resample == Resample::kMeanPool ? 0.25 : 1;
}

torch::Tensor Forward(const torch::Tensor& x, const torch::Tensor& weight,
                      const torch::Tensor& bias, const torch::Tensor& scales,
                      const ConvOptions& options) {
  if (x.is_cuda()) return DeviceConv(x, DeviceActivated(x, options), weight, bias, scales, options);
  Finish finish;
  finish.bias = bias;
  finish.scales = scales;
  AddResidual(options, x, false, &finish);
  if (HasBlocks(weight, options)) {
    const BlockKernel kernel = {weight.detach(), false, BlockScale(options)};
    return options.resample == Resample::kMeanPool
               ? RunPooledConv(x, options.slope, kernel, finish, x.size(2) / 2, x.size(3) / 2)
               : RunDoubledConv(x, options.slope, kernel, finish, 2 * x.size(2), 2 * x.size(3));
  }
  const KernelShape shape = ShapeOf(weight, options);
  if (options.resample == Resample::kTwice) {
    return RunTransposedConv(x, options.slope, shape, finish, 2 * x.size(2), 2 * x.size(3));
  }
  const auto size = [&](int64_t in) {
    return (in + 2 * shape.padding - shape.kernel.size(2)) / shape.stride + 1;
  };
  return RunConv(x, options.slope, shape, finish, size(x.size(2)), size(x.size(3)));
}

torch::Tensor InputGradient(const torch::Tensor& g, const torch::Tensor& x,
                            const torch::Tensor& weight, const ConvOptions& options) {
  Finish finish;
  if (options.slope != 1) {
    finish.mask = x;
    finish.slope = options.slope;
  }
  AddResidual(options, g, true, &finish);
  if (HasBlocks(weight, options)) {
    const BlockKernel kernel = {weight.detach(), true, BlockScale(options)};
    return options.resample == Resample::kMeanPool
               ? RunDoubledConv(g, 1, kernel, finish, x.size(2), x.size(3))
               : RunPooledConv(g, 1, kernel, finish, x.size(2), x.size(3));
  }
  const KernelShape shape = ShapeOf(weight, options);
  if (options.resample == Resample::kTwice) {
    return RunConv(g, 1, shape, finish, x.size(2), x.size(3));
  }
  return RunTransposedConv(g, 1, shape, finish, x.size(2), x.size(3));
}

// The gradient of a kernel that is widened.
torch::Tensor WideGradientOf(const torch::Tensor& g, const torch::Tensor& x, int64_t n,
                             const ConvOptions& options) {
  if (options.resample == Resample::kMeanPool) {
    return Narrowed(RunWeightGradient(x, options.slope, g, 1, n + 1, 2, options.padding)) * 0.25;
  }
  const torch::Tensor wide =
      RunWeightGradient(g, 1, x, options.slope, n + 1, 2, options.padding).transpose(0, 1);
  return Narrowed(wide.flip({2, 3}));
}

// Shaped like the weight, [out, in, n, n].
torch::Tensor WeightGradientOf(const torch::Tensor& g, const torch::Tensor& x,
                               const torch::Tensor& weight, const ConvOptions& options) {
  const int64_t n = weight.size(2);
  if (options.resample == Resample::kNone) {
    return RunWeightGradient(x, options.slope, g, 1, n, options.stride, options.padding);
  }
  if (!HasBlocks(weight, options)) return WideGradientOf(g, x, n, options);
  return options.resample == Resample::kMeanPool
             ? RunPooledWeightGradient(x, options.slope, g, 1, false, BlockScale(options))
             : RunPooledWeightGradient(g, 1, x, options.slope, true, BlockScale(options));
}

torch::Tensor BiasGradient(const torch::Tensor& g) {
  return RunMoments(g, torch::zeros({g.size(1)})).first.to(torch::kFloat32);
}

void SaveOptions(const ConvOptions& options, AutogradContext* context) {
  context->saved_data["stride"] = options.stride;
  context->saved_data["padding"] = options.padding;
  context->saved_data["slope"] = options.slope;
  context->saved_data["residual"] = options.residual;
  context->saved_data["resample"] = static_cast<int64_t>(options.resample);
}

ConvOptions SavedOptions(AutogradContext* context) {
  ConvOptions options;
  options.stride = context->saved_data["stride"].toInt();
  options.padding = context->saved_data["padding"].toInt();
  options.slope = context->saved_data["slope"].toDouble();
  options.residual = context->saved_data["residual"].toBool();
  options.resample = static_cast<Resample>(context->saved_data["resample"].toInt());
  return options;
}

// The gradients as a graph of LibTorch's own operations, which can be differentiated again.
variable_list GradientsWithGraph(const variable_list& inputs, const torch::Tensor& g,
                                 const ConvOptions& options) {
  const torch::Tensor y = PlainActivatedConv(inputs[0], inputs[1], inputs[2], options);
  variable_list wanted;
  for (const torch::Tensor& input : inputs)
    if (input.requires_grad()) wanted.push_back(input);
  const variable_list found = torch::autograd::grad({y}, wanted, {g}, true, true, true);
  variable_list gradients;
  size_t next = 0;
  for (const torch::Tensor& input : inputs)
    gradients.push_back(input.requires_grad() ? found[next++] : torch::Tensor());
  return gradients;
}

class KernelConv : public torch::autograd::Function<KernelConv> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const ConvOptions& options) {
    SaveOptions(options, context);
    // A GPU has more memory than time to compute the convolution's input twice.
    const torch::Tensor activated = x.is_cuda() ? DeviceActivated(x, options) : torch::Tensor();
    context->save_for_backward({x, weight, bias, activated});
    return x.is_cuda() ? DeviceConv(x, activated, weight, bias, {}, options)
                       : Forward(x, weight, bias, {}, options);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    variable_list inputs = context->get_saved_variables();
    const torch::Tensor activated = inputs.back();
    inputs.pop_back();
    const ConvOptions options = SavedOptions(context);
    variable_list results(4);
    if (torch::GradMode::is_enabled()) {
      results = GradientsWithGraph(inputs, gradients[0], options);
      results.resize(4);
      return results;
    }
    if (activated.defined()) return DeviceGradients(context, gradients[0], activated, inputs[1]);
    const torch::Tensor g = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    const torch::Tensor& x = inputs[0];
    const torch::Tensor& weight = inputs[1];
    if (context->needs_input_grad(0)) results[0] = InputGradient(g, x, weight, options);
    if (context->needs_input_grad(1)) results[1] = WeightGradientOf(g, x, weight, options);
    if (context->needs_input_grad(2)) results[2] = BiasGradient(g);
    return results;
  }

 private:
  static variable_list DeviceGradients(AutogradContext* context, const torch::Tensor& g,
                                       const torch::Tensor& activated,
                                       const torch::Tensor& weight) {
    const ConvGradients found =
        DeviceConvGradients(g, activated, weight, SavedOptions(context),
                            context->needs_input_grad(0), context->needs_input_grad(1));
    const bool of_bias = context->needs_input_grad(2);
    return {found.x, found.weight, of_bias ? DeviceChannelSums(g) : torch::Tensor(), {}};
  }
};

}  // namespace

torch::Tensor ActivatedConv(const torch::Tensor& x, const torch::Tensor& weight,
                            const torch::Tensor& bias, const ConvOptions& options) {
  if (!KernelsFor(x)) return PlainActivatedConv(x, weight, bias, options);
  return KernelConv::apply(x, weight, bias, options);
}

torch::Tensor ScaledActivatedConv(const torch::Tensor& x, const torch::Tensor& weight,
                                  const torch::Tensor& bias, const torch::Tensor& scale,
                                  const ConvOptions& options) {
  // The processor's kernels take sums of four places.
  const bool halved = options.resample == Resample::kMeanPool && !x.is_cuda();
  return Forward(x, weight, bias, halved ? scale * BlockScale(options) : scale, options);
}

torch::Tensor TwicePlusConv(const torch::Tensor& half, const torch::Tensor& x,
                            const torch::Tensor& weight, const torch::Tensor& bias,
                            int64_t padding) {
  if (x.is_cuda()) return DeviceTwicePlusConv(half, x, weight, bias, padding);
  Finish finish;
  finish.bias = bias;
  finish.residual = Residual::kHalf;
  finish.values = half;
  return RunConv(x, /*slope=*/1, {weight.detach().contiguous(), 1, padding}, finish, x.size(2),
                 x.size(3));
}

torch::Tensor PlainActivatedConv(const torch::Tensor& x, const torch::Tensor& weight,
                                 const torch::Tensor& bias, const ConvOptions& options) {
  const torch::Tensor in = options.resample == Resample::kTwice
                               ? torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)})
                               : x;
  torch::Tensor y = torch::conv2d(Activated(in, options.slope), weight.to(x.scalar_type()),
                                  bias.to(x.scalar_type()), options.stride, options.padding);
  if (options.residual) y = in + y;
  return options.resample == Resample::kMeanPool ? torch::avg_pool2d(y, 2) : y;
}

}  // namespace makeover::engine
