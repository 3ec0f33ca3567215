// Faces as other light would show them.
#pragma once

#include <torch/torch.h>

#include "worker/engine/random.h"

namespace makeover::engine {

// Pictures [N, 3, H, W] in [0, 1], each in light of a strength and contrast of its own: at strength 1
// its gain lies between 1/1.4 and 1.4 and its exponent between 1/1.6 and 1.6; at 0 the pictures are
// returned. Light has no colour: of coloured targets the generator learns coloured eyes.
torch::Tensor Relight(const torch::Tensor& pictures, double strength, Random random);

}  // namespace makeover::engine
