// Batch normalisation with shift and without scale, as one operation in each direction.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace makeover::engine {

struct NormOptions {
  bool training = true;
  double epsilon = 1e-3;
  double momentum = 0.01;  // weight of the newest batch in the running statistics
  int64_t copies = 1;  // how many equal places each one stands for in the variance's n / (n - 1)
};

// (x - mean) / sqrt(variance + epsilon) + bias by channels, of the batch's own statistics in
// training, which move the running ones, else of the running ones. x: [N, C, H, W] in float32 or
// bfloat16; the others [C] float32. Keeps only its result for the gradient, in float32 x too, where
// it can be differentiated twice; in bfloat16 that is a c10::Error.
torch::Tensor ShiftNormalise(const torch::Tensor& x, const torch::Tensor& bias,
                             torch::Tensor running_mean, torch::Tensor running_var,
                             const NormOptions& options);

}  // namespace makeover::engine
