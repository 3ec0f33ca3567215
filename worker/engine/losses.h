// The losses of all recipes. Scalars, means over the batch.
#pragma once

#include <torch/torch.h>

#include <string>

namespace makeover::engine {

// Mean |result - source| after 4x4 mean pooling of both: keeps the picture, leaves detail free. [N,
// 3, H, W] both.
torch::Tensor PixelLoss(const torch::Tensor& result, const torch::Tensor& source);

// Mean |change of colour|, where a colour is what is left of a place less the mean of its channels:
// a place may become brighter or darker, but not bluer. Both [N, 3, H, W].
torch::Tensor HueLoss(const torch::Tensor& result, const torch::Tensor& source);

// Mean of how much colder a place is than grey, than it was, and than targets are there in the
// mean, beyond a free 0.05: its blue above its red, its green above the larger of both. Skin, lips,
// hair and teeth are seldom cold; what was cold may stay so. All [N, 3, H, W], red first.
torch::Tensor ColdLoss(const torch::Tensor& result, const torch::Tensor& source,
                       const torch::Tensor& target);

// The same for purple, the smaller of red and blue above green, which to the cold loss is free.
// Lips are hardly ever that purple.
torch::Tensor PurpleLoss(const torch::Tensor& result, const torch::Tensor& source,
                         const torch::Tensor& target);

// Mean |mirror(mirrored) - result| over the first of the results: left to right what a mirrored
// face becomes shall be what the face becomes. `mirrored` [M, 3, H, W] are results of the first M
// faces mirrored, M <= N.
torch::Tensor MirrorLoss(const torch::Tensor& result, const torch::Tensor& mirrored);

enum class Adversarial { kCrossEntropy, kHinge, kLeastSquares };

// The setting's word: cross_entropy, hinge or least_squares.
Adversarial AdversarialOf(const std::string& word);

// The generator's side, of any shape of logits: cross-entropy against "real" (the non-saturating
// loss, Goodfellow 2014), -logit (Lim and Ye, 2017), or (logit - 1)^2 (Mao 2017).
torch::Tensor AdversarialLoss(const torch::Tensor& fake_logits,
                              Adversarial kind = Adversarial::kCrossEntropy);

// The discriminator's side: cross-entropy, the hinge of 1 -+ logit, or the squared distance of real
// ones from 1 and of generated ones from 0.
torch::Tensor DiscriminatorLoss(const torch::Tensor& real_logits, const torch::Tensor& fake_logits,
                                Adversarial kind = Adversarial::kCrossEntropy);

// R1 (Mescheder 2018): half the mean squared length of the gradient of the logits' mean with
// respect to each picture. `pictures` [N, 3, H, W] require gradients and gave `logits` [N, ...].
torch::Tensor GradientPenalty(const torch::Tensor& logits, const torch::Tensor& pictures);

// Normal of deviation `deviation`, cut at two deviations (as TensorFlow's truncated_normal), of the
// shape and device of `like`.
torch::Tensor TruncatedNoise(const torch::Tensor& like, double deviation,
                             const torch::Generator& random);

}  // namespace makeover::engine
