#include "worker/engine/losses.h"

#include <cmath>
#include <functional>

namespace makeover::engine {
namespace {

struct Channels {
  explicit Channels(const torch::Tensor& pictures)
      : red(pictures.narrow(1, 0, 1)),
        green(pictures.narrow(1, 1, 1)),
        blue(pictures.narrow(1, 2, 1)) {}

  torch::Tensor red, green, blue;  // [N, 1, H, W]
};

// Mean of how much more of a tint results have than their sources, and than targets have in the
// mean there.
torch::Tensor Tinted(const std::function<torch::Tensor(const Channels&)>& tint,
                     const torch::Tensor& result, const torch::Tensor& source,
                     const torch::Tensor& target) {
  // Hardly to be seen, and free: else what is grey could not even begin to change.
  constexpr double kFree = 0.05;
  const auto of = [&tint](const torch::Tensor& pictures) {
    return tint(Channels(pictures)).clamp_min(0);
  };
  const torch::Tensor usual = torch::max(of(source), of(target).mean(0, true));
  return (of(result) - usual - kFree).clamp_min(0).mean();
}

}  // namespace

torch::Tensor PixelLoss(const torch::Tensor& result, const torch::Tensor& source) {
  return torch::avg_pool2d(result - source, 4).abs().mean();
}

torch::Tensor HueLoss(const torch::Tensor& result, const torch::Tensor& source) {
  const torch::Tensor change = result - source;
  return (change - change.mean(1, true)).abs().mean();
}

torch::Tensor ColdLoss(const torch::Tensor& result, const torch::Tensor& source,
                       const torch::Tensor& target) {
  return Tinted(
      [](const Channels& of) {
        return torch::cat({of.blue - of.red, of.green - torch::max(of.red, of.blue)}, 1);
      },
      result, source, target);
}

torch::Tensor PurpleLoss(const torch::Tensor& result, const torch::Tensor& source,
                         const torch::Tensor& target) {
  return Tinted([](const Channels& of) { return torch::min(of.red, of.blue) - of.green; }, result,
                source, target);
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
