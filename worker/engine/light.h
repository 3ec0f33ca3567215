// The light that faces are seen in.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "worker/engine/random.h"

namespace makeover::engine {

// What another light takes of each colour of a picture: factors [count, 3, 1, 1], each between 1/2
// and 1 at strength 1, nearer to 1 at less. Nothing becomes brighter, so nothing is cut off.
torch::Tensor DrawLight(int64_t count, double strength, Random random, const torch::Device& device);

}  // namespace makeover::engine
