// DiffAugment (Zhao and others, 2020): the same kinds of changes to real and generated pictures
// before the discriminator, so that it cannot learn a small set by heart.
#pragma once

#include <torch/torch.h>

#include "worker/engine/random.h"

namespace makeover::engine {

// Pictures [N, 3, H, W], each with its own brightness, saturation, contrast and shift, all within
// `strength` (0 to 1) of the published ranges: +-0.5, 0 to 2, 0.5 to 1.5 and an eighth of a side.
// Differentiable; draws from `random`.
torch::Tensor Augment(const torch::Tensor& pictures, double strength, Random random);

}  // namespace makeover::engine
