// What happens to sums before they are stored: kernels.h says it at Epilogue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Finishes sums of one picture and stores them.
template <class T>
class Finish {
 public:
  using Value = typename T::Value;

  Finish(const Gather& gather, int64_t picture)
      : gather_(gather),
        epilogue_(gather.epilogue),
        slope_(All(epilogue_.slope)),
        scale_(All(epilogue_.scale)) {
    const int64_t offset = picture * gather.out_height * gather.out_width * gather.outputs;
    out_ = static_cast<Value*>(gather.out) + offset;
    if (epilogue_.mask != nullptr) mask_ = static_cast<const Value*>(epilogue_.mask) + offset;
    values_ = static_cast<const Value*>(epilogue_.values) +
              picture * epilogue_.height * epilogue_.width * gather.outputs;
  }

  // Where one place's outputs and what is added to them lie.
  struct Place {
    int64_t at;
    int parts;  // of the residual: 0, 1 or 4
    std::array<const Value*, 4> values;
  };

  // The place (y, x) of the gather.
  Place At(int64_t y, int64_t x) const {
    return AtOutput(y * gather_.step + gather_.first_y, x * gather_.step + gather_.first_x);
  }

  // The place (y, x) of the output itself.
  Place AtOutput(int64_t y, int64_t x) const {
    Place place;
    place.at = (y * gather_.out_width + x) * gather_.outputs;
    place.parts = 0;
    switch (epilogue_.residual) {
      case Residual::kNone:
        break;
      case Residual::kSame:
        AddPart(y, x, &place);
        break;
      case Residual::kHalf:
        AddPart(y / 2, x / 2, &place);
        break;
      case Residual::kSumOf4:
        for (int64_t i = 0; i < 4; ++i) AddPart(2 * y + i / 2, 2 * x + i % 2, &place);
        break;
    }
    return place;
  }

  void Store16(const Place& place, int64_t channel, Vector v) const {
    const Mask lanes = Lanes(channel, gather_.outputs);
    if (epilogue_.bias != nullptr) v = Plus(v, Load16(epilogue_.bias + channel));
    if (mask_ != nullptr) {
      const Vector mask = T::Load(mask_ + place.at + channel, lanes);
      v = IfPositive(mask, v, Times(v, slope_));
    }
    if (place.parts > 0) v = Fused(Residual16(place, channel, lanes), Scale(channel), v);
    T::Store(out_ + place.at + channel, lanes, v);
  }

  // `rows` places from (y, x) on; `vectors` vectors from `channel` on.
  void Store(int64_t y, int64_t x, int rows, int64_t channel, int vectors,
             const float* sums) const {
    for (int m = 0; m < rows; ++m) {
      const Place place = At(y, x + m);
      for (int64_t n = 0; n < vectors; ++n, sums += 16)
        Store16(place, channel + 16 * n, Load16(sums));
    }
  }

 private:
  void AddPart(int64_t y, int64_t x, Place* place) const {
    if (y >= epilogue_.height || x >= epilogue_.width) return;
    place->values[static_cast<size_t>(place->parts++)] =
        values_ + (y * epilogue_.width + x) * gather_.outputs;
  }

  Vector Scale(int64_t channel) const {
    return epilogue_.scales == nullptr ? scale_ : Load16(epilogue_.scales + channel);
  }

  static Vector Residual16(const Place& place, int64_t channel, Mask lanes) {
    const auto part = [&](size_t i) { return T::Load(place.values[i] + channel, lanes); };
    Vector sum = part(0);
    for (int i = 1; i < place.parts; ++i) sum = Plus(sum, part(static_cast<size_t>(i)));
    return sum;
  }

  const Gather& gather_;
  const Epilogue& epilogue_;
  Vector slope_, scale_;
  Value* out_;
  const Value* mask_ = nullptr;
  const Value* values_;
};

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
