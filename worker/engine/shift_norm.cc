#include "worker/engine/shift_norm.h"

#include "worker/engine/cuda/device_runs.h"
#include "worker/engine/kernel_runs.h"

namespace makeover::engine {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Statistics {
  torch::Tensor mean, variance;  // [C] float64; the variance is biased
};

Statistics StatisticsOf(const torch::Tensor& x) {
  // Moments about some value of the channel itself, so that a mean far from 0 costs no precision.
  const torch::Tensor shift = x.detach().select(0, 0).select(1, 0).select(1, 0).to(torch::kFloat32);
  const ChannelSums sums = RunMoments(x, shift.contiguous());
  const auto count = static_cast<double>(x.numel() / x.size(1));
  const torch::Tensor mean = sums.first / count;
  return {mean + shift, (sums.second / count - mean * mean).clamp_min(0)};
}

void MoveRunning(const Statistics& statistics, double count, double momentum,
                 torch::Tensor* running_mean, torch::Tensor* running_var) {
  running_mean->lerp_(statistics.mean.to(torch::kFloat32), momentum);
  running_var->lerp_((statistics.variance * (count / (count - 1))).to(torch::kFloat32), momentum);
}

torch::Tensor Normalised(const torch::Tensor& x, const torch::Tensor& mean,
                         const torch::Tensor& inverse_deviation, const torch::Tensor& bias) {
  return RunAffine(x, {}, inverse_deviation.to(torch::kFloat32), {},
                   (bias - mean * inverse_deviation).to(torch::kFloat32));
}

torch::Tensor InputGradient(const torch::Tensor& g, const torch::Tensor& y,
                            const torch::Tensor& inverse_deviation, const torch::Tensor& bias,
                            const ChannelSums& sums) {
  // d = s (g - mean(g) - z mean(g z)) with z = y - bias, the normalised value.
  const auto count = static_cast<double>(y.numel() / y.size(1));
  const torch::Tensor slope = inverse_deviation * sums.second / -count;
  const torch::Tensor offset = inverse_deviation * sums.first / -count - slope * bias;
  return RunAffine(g, y, inverse_deviation.to(torch::kFloat32), slope.to(torch::kFloat32),
                   offset.to(torch::kFloat32));
}

torch::Tensor PlainNormalise(const torch::Tensor& x, const torch::Tensor& bias,
                             const torch::Tensor& running_mean, const torch::Tensor& running_var,
                             const NormOptions& options) {
  return torch::batch_norm(x, torch::ones_like(running_var), bias, running_mean, running_var,
                           options.training, options.momentum, options.epsilon,
                           /*cudnn_enabled=*/true);
}

// The gradients as a graph of LibTorch's own operations, which can be differentiated again.
variable_list GradientsWithGraph(const torch::Tensor& x, const torch::Tensor& bias,
                                 const torch::Tensor& g, double epsilon) {
  const torch::Tensor y = torch::batch_norm(x, torch::ones_like(bias), bias, {}, {},
                                            /*training=*/true, 0, epsilon, /*cudnn_enabled=*/true);
  variable_list results(5);
  variable_list wanted;
  for (const torch::Tensor& input : {x, bias})
    if (input.requires_grad()) wanted.push_back(input);
  const variable_list found = torch::autograd::grad({y}, wanted, {g}, true, true, true);
  size_t next = 0;
  if (x.requires_grad()) results[0] = found[next++];
  if (bias.requires_grad()) results[1] = found[next];
  return results;
}

class KernelNorm : public torch::autograd::Function<KernelNorm> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& bias, torch::Tensor running_mean,
                               torch::Tensor running_var, const NormOptions& options) {
    if (x.is_cuda()) {
      const DeviceNorm norm = DeviceNormalise(x, bias, running_mean, running_var, options);
      Save(context, {norm.y, bias, norm.scale, x}, options);
      return norm.y;
    }
    const Statistics statistics = StatisticsOf(x);
    const auto count = static_cast<double>(options.copies * (x.numel() / x.size(1)));
    MoveRunning(statistics, count, options.momentum, &running_mean, &running_var);
    const torch::Tensor inverse_deviation = (statistics.variance + options.epsilon).rsqrt();
    const torch::Tensor y = Normalised(x, statistics.mean, inverse_deviation, bias.detach());
    Save(context, {y, bias, inverse_deviation, x}, options);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    if (torch::GradMode::is_enabled()) {
      TORCH_CHECK(saved[3].defined(), "a normalisation in bfloat16 is differentiated once only");
      return GradientsWithGraph(saved[3], saved[1], gradients[0],
                                context->saved_data["epsilon"].toDouble());
    }
    if (saved[0].is_cuda()) {
      const auto [of_x, of_bias] = DeviceNormGradients(gradients[0], saved[0], saved[1], saved[2]);
      return {of_x, of_bias, {}, {}, {}};
    }
    const torch::Tensor g = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    const torch::Tensor bias = saved[1].detach();
    const ChannelSums sums = RunProducts(g, saved[0], bias);
    variable_list results(5);
    if (context->needs_input_grad(0)) {
      results[0] = InputGradient(g, saved[0], saved[2], bias.to(torch::kFloat64), sums);
    }
    if (context->needs_input_grad(1)) results[1] = sums.first.to(torch::kFloat32);
    return results;
  }

 private:
  // Result, bias, 1 / deviation and x, which only float32 keeps.
  static void Save(AutogradContext* context, variable_list tensors, const NormOptions& options) {
    if (tensors[3].scalar_type() != torch::kFloat32) tensors[3] = torch::Tensor();
    context->save_for_backward(tensors);
    context->saved_data["epsilon"] = options.epsilon;
  }
};

}  // namespace

torch::Tensor ShiftNormalise(const torch::Tensor& x, const torch::Tensor& bias,
                             torch::Tensor running_mean, torch::Tensor running_var,
                             const NormOptions& options) {
  if (KernelsFor(x)) {
    if (options.training) return KernelNorm::apply(x, bias, running_mean, running_var, options);
    if (!torch::GradMode::is_enabled()) {
      const torch::Tensor inverse_deviation =
          (running_var.to(torch::kFloat64) + options.epsilon).rsqrt();
      if (x.is_cuda()) {
        return DeviceAffine(x, inverse_deviation.to(torch::kFloat32),
                            (bias - running_mean * inverse_deviation).to(torch::kFloat32));
      }
      return Normalised(x, running_mean, inverse_deviation, bias.detach());
    }
  }
  return PlainNormalise(x, bias, running_mean, running_var, options);
}

}  // namespace makeover::engine
