// The losses of recipe `classic`. Scalars, means over the batch.
#pragma once

#include <torch/torch.h>

namespace makeover::engine {

// Mean |result - source| after 4x4 mean pooling of both: keeps the picture, leaves detail free. [N,
// 3, H, W] both.
torch::Tensor PixelLoss(const torch::Tensor& result, const torch::Tensor& source);

// Sigmoid cross-entropy of the generator's pictures against "real": the non-saturating loss
// (Goodfellow 2014). [N].
torch::Tensor AdversarialLoss(const torch::Tensor& fake_logits);

// Sigmoid cross-entropy of real pictures against "real" and of generated ones against "not". [N]
// both.
torch::Tensor DiscriminatorLoss(const torch::Tensor& real_logits, const torch::Tensor& fake_logits);

// Normal of deviation `deviation`, cut at two deviations (as TensorFlow's truncated_normal), of the
// shape and device of `like`.
torch::Tensor TruncatedNoise(const torch::Tensor& like, double deviation,
                             const torch::Generator& random);

}  // namespace makeover::engine
