#include "worker/engine/losses.h"

#include <cmath>

namespace makeover::engine {

torch::Tensor PixelLoss(const torch::Tensor& result, const torch::Tensor& source) {
  return torch::avg_pool2d(result - source, 4).abs().mean();
}

torch::Tensor AdversarialLoss(const torch::Tensor& fake_logits) {
  return torch::softplus(-fake_logits).mean();
}

torch::Tensor DiscriminatorLoss(const torch::Tensor& real_logits,
                                const torch::Tensor& fake_logits) {
  return torch::softplus(-real_logits).mean() + torch::softplus(fake_logits).mean();
}

torch::Tensor TruncatedNoise(const torch::Tensor& like, double deviation,
                             const torch::Generator& random) {
  if (deviation == 0) return torch::zeros_like(like);
  // The inverse of the distribution function, at uniform points between its values at -2 and 2
  // deviations.
  const double bound = std::erf(2 / std::sqrt(2.0));
  torch::Tensor noise = torch::empty_like(like);
  noise.uniform_(-bound, bound, random);
  return noise.erfinv_().mul_(deviation * std::sqrt(2.0));
}

}  // namespace makeover::engine
