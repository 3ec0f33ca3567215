#include "worker/engine/losses.h"

#include <cmath>

namespace makeover::engine {

torch::Tensor PixelLoss(const torch::Tensor& result, const torch::Tensor& source) {
  return torch::avg_pool2d(result - source, 4).abs().mean();
}

torch::Tensor HueLoss(const torch::Tensor& result, const torch::Tensor& source) {
  const torch::Tensor change = result - source;
  return (change - change.mean(1, true)).abs().mean();
}

torch::Tensor ColdLoss(const torch::Tensor& result, const torch::Tensor& source,
                       const torch::Tensor& target) {
  // Hardly to be seen, and free: else what is grey could not even begin to change.
  constexpr double kFree = 0.05;
  const auto cold = [](const torch::Tensor& pictures) {
    const torch::Tensor red = pictures.narrow(1, 0, 1);
    const torch::Tensor green = pictures.narrow(1, 1, 1);
    const torch::Tensor blue = pictures.narrow(1, 2, 1);
    return torch::cat({blue - red, green - torch::max(red, blue)}, 1).clamp_min(0);
  };
  const torch::Tensor usual = torch::max(cold(source), cold(target).mean(0, true));
  return (cold(result) - usual - kFree).clamp_min(0).mean();
}

torch::Tensor MirrorLoss(const torch::Tensor& result, const torch::Tensor& mirrored) {
  constexpr int64_t kAcross = 3;
  return (mirrored.flip(kAcross) - result.narrow(0, 0, mirrored.size(0))).abs().mean();
}

Adversarial AdversarialOf(const std::string& word) {
  if (word == "hinge") return Adversarial::kHinge;
  if (word == "least_squares") return Adversarial::kLeastSquares;
  return Adversarial::kCrossEntropy;
}

torch::Tensor AdversarialLoss(const torch::Tensor& fake_logits, Adversarial kind) {
  switch (kind) {
    case Adversarial::kHinge:
      return -fake_logits.mean();
    case Adversarial::kLeastSquares:
      return (fake_logits - 1).square().mean();
    case Adversarial::kCrossEntropy:
      break;
  }
  return torch::softplus(-fake_logits).mean();
}

torch::Tensor DiscriminatorLoss(const torch::Tensor& real_logits, const torch::Tensor& fake_logits,
                                Adversarial kind) {
  switch (kind) {
    case Adversarial::kHinge:
      return torch::relu(1 - real_logits).mean() + torch::relu(1 + fake_logits).mean();
    case Adversarial::kLeastSquares:
      return (real_logits - 1).square().mean() + fake_logits.square().mean();
    case Adversarial::kCrossEntropy:
      break;
  }
  return torch::softplus(-real_logits).mean() + torch::softplus(fake_logits).mean();
}

torch::Tensor GradientPenalty(const torch::Tensor& logits, const torch::Tensor& pictures) {
  const torch::Tensor total = logits.reshape({logits.size(0), -1}).mean(1).sum();
  const torch::Tensor gradient =
      torch::autograd::grad({total}, {pictures}, {}, /*retain_graph=*/true,
                            /*create_graph=*/true)[0];
  return 0.5 * gradient.square().sum({1, 2, 3}).mean();
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
