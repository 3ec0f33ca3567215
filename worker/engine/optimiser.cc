#include "worker/engine/optimiser.h"

#include <cmath>

namespace makeover::engine {
namespace {

torch::Tensor Flatten(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> flat;
  flat.reserve(tensors.size());
  for (const torch::Tensor& tensor : tensors) flat.push_back(tensor.reshape({-1}));
  return torch::cat(flat);
}

}  // namespace

FlatParameters::FlatParameters(torch::nn::Module& module) : parameters_(module.parameters()) {
  const torch::NoGradGuard guard;
  values_ = Flatten(parameters_);
  int64_t at = 0;
  for (torch::Tensor& parameter : parameters_) {
    parameter.set_data(values_.narrow(0, at, parameter.numel()).view(parameter.sizes()));
    at += parameter.numel();
  }
}

torch::Tensor FlatParameters::Gradient(const torch::Tensor& loss, bool retain_graph) const {
  std::vector<torch::Tensor> gradients =
      torch::autograd::grad({loss}, parameters_, {}, retain_graph, /*create_graph=*/false,
                            /*allow_unused=*/true);
  for (size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = torch::zeros_like(parameters_[i]);
  }
  return Flatten(gradients);
}

Adam::Adam(const torch::Tensor& values, const Options& options)
    : mean(torch::zeros_like(values)), variance(torch::zeros_like(values)), options_(options) {}

Adam::Rates Adam::Next(double rate) {
  const auto t = static_cast<double>(++steps);
  return {static_cast<float>(rate / (1 - std::pow(options_.beta1, t))),
          static_cast<float>(std::sqrt(1 - std::pow(options_.beta2, t)))};
}

torch::Tensor Adam::Clipped(const torch::Tensor& gradient, const torch::Tensor& deviations) const {
  if (options_.clip == 0) return gradient;
  const torch::Tensor length = (gradient / deviations).square_().mean().sqrt_();
  return gradient * (options_.clip / length).clamp_max_(1);
}

void Adam::Step(const torch::Tensor& gradient, const torch::Tensor& step,
                const torch::Tensor& deviation, torch::Tensor values) {
  const torch::NoGradGuard guard;
  variance.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const torch::Tensor deviations = variance.sqrt().div_(deviation).add_(options_.epsilon);
  mean.mul_(options_.beta1).add_(Clipped(gradient, deviations), 1 - options_.beta1);
  values.addcdiv_(mean * -step, deviations);
}

}  // namespace makeover::engine
