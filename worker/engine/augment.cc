#include "worker/engine/augment.h"

#include <cmath>

#include "worker/engine/send.h"

namespace makeover::engine {
namespace {

constexpr int64_t kShiftShare = 8;  // of a side

// In [-bound, bound).
double Uniform(double bound, Random* random) {
  constexpr double kUnit = 1.0 / (1 << 30);
  return bound * (static_cast<double>(random->Next() >> 33) * kUnit - 1);
}

// A number per picture, centre +- bound.
torch::Tensor Draws(const torch::Tensor& like, double centre, double bound, Random* random) {
  const torch::Tensor draws = torch::empty({like.size(0), 1, 1, 1}, torch::kFloat32);
  float* values = draws.data_ptr<float>();
  for (int64_t i = 0; i < draws.numel(); ++i)
    values[i] = static_cast<float>(centre + Uniform(bound, random));
  return Send(draws, like.device());
}

// Around pictures of that side.
int64_t Margin(int64_t side) { return (side + kShiftShare - 1) / kShiftShare; }

// Where the places of a side come from in one with margins, moved by up to `most`.
void PutPlaces(int64_t side, int64_t most, Random* random, int64_t* places) {
  const auto moved = static_cast<int64_t>(random->Below(static_cast<uint64_t>(2 * most + 1)));
  for (int64_t i = 0; i < side; ++i) places[i] = Margin(side) - most + moved + i;
}

// Places of a side, by whole pixels and not beyond the margin.
torch::Tensor FartherMoved(const torch::Tensor& places, const torch::Tensor& factor) {
  const int64_t margin = Margin(places.numel() / places.size(0));
  const torch::Tensor moved = places.flatten(1).narrow(1, 0, 1).view({-1, 1, 1, 1}) - margin;
  const torch::Tensor farther = (moved * factor).round().to(torch::kLong).clamp(-margin, margin);
  return places + (farther - moved);
}

int64_t FarthestShift(int64_t side, double strength) {
  return std::lround(strength * static_cast<double>(side) / kShiftShare);
}

// Brightness is added, then what differs from grey and at last what differs from the mean is
// multiplied: all together a factor per picture, and a sum per place.
torch::Tensor Recoloured(const torch::Tensor& x, const Augmentation& how) {
  const torch::Tensor grey = x.mean(1, true);
  const torch::Tensor mean = grey.mean({2, 3}, true);
  const torch::Tensor shade = how.contrast * (1 - how.saturation) * grey;
  return x * (how.contrast * how.saturation) +
         (shade + ((1 - how.contrast) * mean + how.brightness));
}

// Black where nothing comes from.
torch::Tensor Shifted(const torch::Tensor& x, const Augmentation& how) {
  const int64_t down = Margin(x.size(2));
  const int64_t right = Margin(x.size(3));
  const torch::Tensor padded = torch::constant_pad_nd(x, {right, right, down, down}, 0);
  const torch::Tensor places = (how.lines * padded.size(3) + how.columns).flatten(2);
  const torch::Tensor moved =
      padded.flatten(2).gather(2, places.expand({places.size(0), x.size(1), places.size(2)}));
  return moved.view(x.sizes());
}

}  // namespace

Augmentation DrawAugmentation(const torch::Tensor& like, double strength, Random random) {
  Augmentation how;
  if (strength == 0) return how;
  how.brightness = Draws(like, 0, 0.5 * strength, &random);
  how.saturation = Draws(like, 1, strength, &random);
  how.contrast = Draws(like, 1, 0.5 * strength, &random);
  const int64_t height = like.size(2);
  const int64_t width = like.size(3);
  const torch::Tensor lines = torch::empty({like.size(0), 1, height, 1}, torch::kLong);
  const torch::Tensor columns = torch::empty({like.size(0), 1, 1, width}, torch::kLong);
  const int64_t down = FarthestShift(height, strength);
  const int64_t right = FarthestShift(width, strength);
  for (int64_t i = 0; i < like.size(0); ++i) {
    PutPlaces(height, down, &random, lines.data_ptr<int64_t>() + i * height);
    PutPlaces(width, right, &random, columns.data_ptr<int64_t>() + i * width);
  }
  how.lines = Send(lines, like.device());
  how.columns = Send(columns, like.device());
  return how;
}

Augmentation Strengthened(const Augmentation& how, const torch::Tensor& factor) {
  if (!how.lines.defined()) return how;
  return {how.brightness * factor, 1 + (how.saturation - 1) * factor,
          1 + (how.contrast - 1) * factor, FartherMoved(how.lines, factor),
          FartherMoved(how.columns, factor)};
}

torch::Tensor Augment(const torch::Tensor& pictures, const Augmentation& how) {
  return how.lines.defined() ? Shifted(Recoloured(pictures, how), how) : pictures;
}

}  // namespace makeover::engine
