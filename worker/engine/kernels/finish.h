// What happens to sums before they are stored: kernels.h says it at Epilogue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

constexpr size_t PartsOf(Residual residual) {
  if (residual == Residual::kNone) return 0;
  return residual == Residual::kSumOf4 ? 4 : 1;
}

// What sums of 16 outputs from `channel` on begin with, or null for 0.
inline const float* BiasOf(const Gather& gather, int64_t channel) {
  return gather.epilogue.bias == nullptr ? nullptr : gather.epilogue.bias + channel;
}

// Finishes sums of one picture, which have the bias, and stores them. What the epilogue asks for is
// known when this is compiled: there is a vector to be stored for every few products, and no time
// to ask.
template <class T, bool kMasked, Residual kResidual>
class Finish {
 public:
  using Value = typename T::Value;

  Finish(const Gather& gather, int64_t picture)
      : gather_(gather),
        height_(gather.epilogue.height),
        width_(gather.epilogue.width),
        scale_(All(gather.epilogue.scale)),
        slope_(All(gather.epilogue.slope)) {
    const int64_t offset = picture * gather.out_height * gather.out_width * gather.outputs;
    out_ = static_cast<Value*>(gather.out) + offset;
    if constexpr (kMasked) mask_ = static_cast<const Value*>(gather.epilogue.mask) + offset;
    if constexpr (kParts > 0) {
      values_ = static_cast<const Value*>(gather.epilogue.values) +
                picture * height_ * width_ * gather.outputs;
    }
  }

  // Where one place's outputs and what is added to them lie: null beyond the residual's tensor.
  struct Place {
    int64_t at;
    std::array<const Value*, PartsOf(kResidual)> values;
  };

  // The place (y, x) of the gather.
  Place At(int64_t y, int64_t x) const {
    return AtOutput(y * gather_.step + gather_.first_y, x * gather_.step + gather_.first_x);
  }

  // The place (y, x) of the output itself.
  Place AtOutput(int64_t y, int64_t x) const {
    Place place;
    place.at = (y * gather_.out_width + x) * gather_.outputs;
    if constexpr (kResidual == Residual::kSame) place.values = {Part(y, x)};
    if constexpr (kResidual == Residual::kHalf) place.values = {Part(y / 2, x / 2)};
    if constexpr (kResidual == Residual::kSumOf4) {
      place.values = {Part(2 * y, 2 * x), Part(2 * y, 2 * x + 1), Part(2 * y + 1, 2 * x),
                      Part(2 * y + 1, 2 * x + 1)};
    }
    return place;
  }

  [[gnu::always_inline]] void Store16(const Place& place, int64_t channel, Mask lanes,
                                      Vector v) const {
    if constexpr (kMasked) {
      const Vector mask = T::Load(mask_ + place.at + channel, lanes);
      v = IfPositive(mask, v, Times(v, slope_));
    }
    if constexpr (kParts > 0) v = Fused(Residual16(place, channel, lanes), Scale(channel), v);
    T::Store(out_ + place.at + channel, lanes, v);
  }

  // `rows` places from (y, x) on; `vectors` vectors from `channel` on.
  void Store(int64_t y, int64_t x, int rows, int64_t channel, int vectors,
             const float* sums) const {
    const int64_t step = int64_t{16} * vectors;
    const bool all = channel + step <= gather_.outputs;
    for (int m = 0; m < rows; ++m, sums += step) {
      const Place place = At(y, x + m);
      for (int64_t c = 0; c < step; c += 16) {
        if (all) {
          Store16(place, channel + c, kAllLanes, Load16(sums + c));
        } else {
          Store16(place, channel + c, Lanes(channel + c, gather_.outputs), Load16(sums + c));
        }
      }
    }
  }

 private:
  static constexpr size_t kParts = PartsOf(kResidual);

  Vector Scale(int64_t channel) const {
    const float* scales = gather_.epilogue.scales;
    return scales == nullptr ? scale_ : Load16(scales + channel);
  }

  const Value* Part(int64_t y, int64_t x) const {
    return y < height_ && x < width_ ? values_ + (y * width_ + x) * gather_.outputs : nullptr;
  }

  static Vector Residual16(const Place& place, int64_t channel, Mask lanes) {
    Vector sum = Zero();
    for (const Value* values : place.values)
      if (values != nullptr) sum = Plus(sum, T::Load(values + channel, lanes));
    return sum;
  }

  const Gather& gather_;
  int64_t height_, width_;
  Vector scale_, slope_;
  Value* out_;
  const Value* mask_ = nullptr;
  const Value* values_ = nullptr;
};

template <class T, bool kMasked, class Work>
void WithResidual(const Gather& gather, int64_t picture, const Work& work) {
  switch (gather.epilogue.residual) {
    case Residual::kNone:
      return work(Finish<T, kMasked, Residual::kNone>(gather, picture));
    case Residual::kSame:
      return work(Finish<T, kMasked, Residual::kSame>(gather, picture));
    case Residual::kHalf:
      return work(Finish<T, kMasked, Residual::kHalf>(gather, picture));
    case Residual::kSumOf4:
      return work(Finish<T, kMasked, Residual::kSumOf4>(gather, picture));
  }
}

// work(the Finish that the epilogue asks for). What it multiplies should be no part of `work`,
// which is compiled for every kind.
template <class T, class Work>
void WithFinish(const Gather& gather, int64_t picture, const Work& work) {
  if (gather.epilogue.mask != nullptr) return WithResidual<T, true>(gather, picture, work);
  WithResidual<T, false>(gather, picture, work);
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
