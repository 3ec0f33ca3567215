// DiffAugment (Zhao and others, 2020): the same kinds of changes to real and generated pictures
// before the discriminator, so that it cannot learn a small set by heart.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "worker/engine/random.h"

namespace makeover::engine {

// What becomes of each picture of a batch, on their device; undefined where nothing does.
struct Augmentation {
  torch::Tensor brightness, saturation, contrast;  // [N, 1, 1, 1]
  // Where each line and column comes from in pictures with a black margin: [N, 1, H, 1] and
  // [N, 1, 1, W], int64.
  torch::Tensor lines, columns;

  std::vector<torch::Tensor*> Tensors() {
    return {&brightness, &saturation, &contrast, &lines, &columns};
  }
};

// For pictures of the shape and device of `like`, [N, 3, H, W]: for each its own brightness,
// saturation, contrast and shift by whole pixels, all within `strength` (0 to 1) of the published
// ranges: +-0.5, 0 to 2, 0.5 to 1.5 and an eighth of a side. With strength 0 undefined.
Augmentation DrawAugmentation(const torch::Tensor& like, double strength, Random random);

// The same moves and colours, `factor` times as strong: a scalar on the device, 1 or above, and
// with the strength that they were drawn with not above 1. Moves are rounded to whole pixels.
Augmentation Strengthened(const Augmentation& how, const torch::Tensor& factor);

// Pictures [N, 3, H, W]. Differentiable.
torch::Tensor Augment(const torch::Tensor& pictures, const Augmentation& how);

}  // namespace makeover::engine
