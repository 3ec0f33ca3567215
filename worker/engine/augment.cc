#include "worker/engine/augment.h"

#include <cmath>
#include <vector>

namespace makeover::engine {
namespace {

// In [-bound, bound).
double Uniform(double bound, Random* random) {
  constexpr double kUnit = 1.0 / (1 << 30);
  return bound * (static_cast<double>(random->Next() >> 33) * kUnit - 1);
}

// A number per picture, centre +- bound, as [N, 1, 1, 1] beside the pictures.
torch::Tensor Draws(const torch::Tensor& pictures, double centre, double bound, Random* random) {
  torch::Tensor draws = torch::empty({pictures.size(0), 1, 1, 1}, torch::kFloat32);
  float* values = draws.data_ptr<float>();
  for (int64_t i = 0; i < pictures.size(0); ++i) {
    values[i] = static_cast<float>(centre + Uniform(bound, random));
  }
  return draws.to(pictures.options());
}

torch::Tensor Colour(const torch::Tensor& pictures, double strength, Random* random) {
  torch::Tensor x = pictures + Draws(pictures, 0, 0.5 * strength, random);
  const torch::Tensor grey = x.mean(1, true);
  x = torch::lerp(grey, x, Draws(pictures, 1, strength, random));
  const torch::Tensor mean = x.mean({1, 2, 3}, true);
  return torch::lerp(mean, x, Draws(pictures, 1, 0.5 * strength, random));
}

// Moved by whole pixels, black where nothing comes from.
torch::Tensor Shift(const torch::Tensor& pictures, double strength, Random* random) {
  const int64_t height = pictures.size(2);
  const int64_t width = pictures.size(3);
  const auto margin = [strength](int64_t side) {
    return static_cast<int64_t>(std::lround(strength * static_cast<double>(side) / 8));
  };
  const int64_t down = margin(height);
  const int64_t right = margin(width);
  const torch::Tensor padded = torch::constant_pad_nd(pictures, {right, right, down, down}, 0);
  std::vector<torch::Tensor> moved;
  for (int64_t i = 0; i < pictures.size(0); ++i) {
    const auto y = static_cast<int64_t>(random->Below(static_cast<uint64_t>(2 * down + 1)));
    const auto x = static_cast<int64_t>(random->Below(static_cast<uint64_t>(2 * right + 1)));
    moved.push_back(padded[i].narrow(1, y, height).narrow(2, x, width));
  }
  return torch::stack(moved);
}

}  // namespace

torch::Tensor Augment(const torch::Tensor& pictures, double strength, Random random) {
  if (strength == 0) return pictures;
  return Shift(Colour(pictures, strength, &random), strength, &random);
}

}  // namespace makeover::engine
