// Where a GPU's kernels can read.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace makeover::engine {

// Kernels of a GPU read several numbers at once. Parameters are views of one tensor and may lie
// anywhere in it: one that does not begin where such a read may is copied; the rest, and whatever
// is not on a GPU, is the tensor itself.
inline torch::Tensor Aligned(const torch::Tensor& x) {
  constexpr uintptr_t kBytes = 16;
  return x.is_cuda() && reinterpret_cast<uintptr_t>(x.data_ptr()) % kBytes != 0 ? x.clone() : x;
}

}  // namespace makeover::engine
