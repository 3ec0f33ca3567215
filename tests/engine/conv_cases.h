// Convolutions of all kinds, and how far a result lies from what it should be.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "worker/engine/activated_conv.h"

namespace makeover::engine {

struct ConvCase {
  int64_t in, out, kernel, height, width;
  ConvOptions options;
};

inline std::string Describe(const ConvCase& c) {
  return std::to_string(c.in) + " to " + std::to_string(c.out) + " channels, kernel " +
         std::to_string(c.kernel) + ", " + std::to_string(c.height) + "x" +
         std::to_string(c.width) + ", stride " + std::to_string(c.options.stride) + ", resample " +
         std::to_string(static_cast<int>(c.options.resample));
}

inline torch::Tensor Random(torch::IntArrayRef sizes, torch::ScalarType type) {
  return torch::randn(sizes).to(type);
}

// The greatest difference by the size of what it should be: about 1e-6 in float32; in bfloat16 each
// stored number is rounded to 8 bits.
inline double Error(const torch::Tensor& found, const torch::Tensor& exact) {
  return ((found.cpu().to(torch::kFloat64) - exact).norm() / (exact.norm() + 1e-12)).item<double>();
}

inline std::vector<ConvCase> ConvCases() {
  const auto options = [](int64_t stride, int64_t padding, double slope, bool residual,
                          Resample resample) {
    ConvOptions o;
    o.stride = stride;
    o.padding = padding;
    o.slope = slope;
    o.residual = residual;
    o.resample = resample;
    return o;
  };
  constexpr Resample kNone = Resample::kNone;
  return {
      {3, 24, 1, 11, 13, options(1, 0, 1, false, kNone)},
      {48, 3, 1, 10, 8, options(1, 0, 1, false, kNone)},
      {24, 24, 3, 20, 17, options(1, 1, 0, true, kNone)},
      {48, 48, 1, 9, 10, options(1, 0, 0, true, kNone)},
      {5, 7, 3, 6, 7, options(1, 1, 0.2, false, kNone)},
      {17, 33, 5, 9, 8, options(1, 2, 0, false, kNone)},
      {128, 128, 3, 6, 5, options(1, 1, 0, true, kNone)},
      {80, 70, 3, 5, 6, options(1, 1, 0.2, false, kNone)},
      {3, 16, 4, 20, 16, options(2, 1, 1, false, kNone)},
      {16, 40, 4, 12, 10, options(2, 1, 0.2, false, kNone)},
      {128, 64, 4, 8, 6, options(2, 1, 0.2, false, kNone)},  // two threads pack its weights
      {16, 8, 3, 11, 13, options(2, 1, 0, false, kNone)},
      {16, 8, 1, 7, 6, options(2, 0, 1, false, kNone)},
      {24, 24, 3, 20, 16, options(1, 1, 0, true, Resample::kMeanPool)},
      {96, 96, 3, 9, 7, options(1, 1, 0, true, Resample::kMeanPool)},
      {48, 48, 3, 6, 34, options(1, 1, 0, true, Resample::kMeanPool)},
      {8, 6, 1, 8, 6, options(1, 0, 0.2, false, Resample::kMeanPool)},
      {17, 33, 3, 11, 9, options(1, 1, 0.2, false, Resample::kMeanPool)},
      {64, 64, 3, 10, 8, options(1, 1, 0, true, Resample::kTwice)},
      {33, 17, 3, 6, 7, options(1, 1, 0.2, false, Resample::kTwice)},
      {12, 20, 3, 5, 7, options(1, 1, 1, false, Resample::kTwice)},
      {8, 8, 1, 5, 4, options(1, 0, 0, true, Resample::kTwice)},
      {6, 6, 5, 6, 5, options(1, 2, 0, true, Resample::kTwice)},
  };
}

}  // namespace makeover::engine
