// Rows of a pixel cache as a batch of pictures.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "worker/engine/pixel_cache.h"
#include "worker/engine/sampler.h"

namespace makeover::engine {

// [N, 3, H, W] float32 in [0, 1], channels last, on the device; mirrored where the draw says so.
torch::Tensor MakeBatch(const PixelCache& cache, const std::vector<Draw>& draws,
                        const torch::Device& device);

// The same of N pictures of height x width x 3 bytes each, one behind the other.
torch::Tensor MakeBatch(const uint8_t* pixels, const std::vector<uint8_t>& flips, PixelShape shape,
                        const torch::Device& device);

// Pictures [N, 3, H, W] as bytes [N, H, W, 3] on the same device: clamped to [0, 1], times 255,
// rounded.
torch::Tensor ToBytes(const torch::Tensor& pictures);

// The same on the host.
std::vector<uint8_t> ToPixels(const torch::Tensor& pictures);

}  // namespace makeover::engine
