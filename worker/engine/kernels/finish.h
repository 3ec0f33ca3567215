// What happens to sums before they are stored: kernels.h says it at Epilogue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels {

// Finishes sums of one picture and stores them.
template <class T>
class Finish {
 public:
  using Value = typename T::Value;

  Finish(const Gather& gather, int64_t picture)
      : gather_(gather),
        epilogue_(gather.epilogue),
        slope_(_mm512_set1_ps(epilogue_.slope)),
        scale_(_mm512_set1_ps(epilogue_.scale)) {
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

  void Store16(const Place& place, int64_t channel, __m512 v) const {
    const __mmask16 lanes = Lanes(channel, gather_.outputs);
    if (epilogue_.bias != nullptr) v = _mm512_add_ps(v, _mm512_loadu_ps(epilogue_.bias + channel));
    if (mask_ != nullptr) {
      const __m512 mask = T::Load(mask_ + place.at + channel, lanes);
      const __mmask16 off = _mm512_cmp_ps_mask(mask, _mm512_setzero_ps(), _CMP_NGT_UQ);
      v = _mm512_mask_mul_ps(v, off, v, slope_);
    }
    if (place.parts > 0) v = _mm512_fmadd_ps(Residual16(place, channel, lanes), Scale(channel), v);
    T::Store(out_ + place.at + channel, lanes, v);
  }

  // `rows` places from (y, x) on; `vectors` vectors from `channel` on.
  void Store(int64_t y, int64_t x, int rows, int64_t channel, int vectors,
             const float* sums) const {
    for (int m = 0; m < rows; ++m) {
      const Place place = At(y, x + m);
      for (int64_t n = 0; n < vectors; ++n, sums += 16)
        Store16(place, channel + 16 * n, _mm512_loadu_ps(sums));
    }
  }

 private:
  void AddPart(int64_t y, int64_t x, Place* place) const {
    if (y >= epilogue_.height || x >= epilogue_.width) return;
    place->values[static_cast<size_t>(place->parts++)] =
        values_ + (y * epilogue_.width + x) * gather_.outputs;
  }

  __m512 Scale(int64_t channel) const {
    return epilogue_.scales == nullptr ? scale_ : _mm512_loadu_ps(epilogue_.scales + channel);
  }

  static __m512 Residual16(const Place& place, int64_t channel, __mmask16 lanes) {
    const auto part = [&](size_t i) { return T::Load(place.values[i] + channel, lanes); };
    __m512 sum = part(0);
    for (int i = 1; i < place.parts; ++i) sum = _mm512_add_ps(sum, part(static_cast<size_t>(i)));
    return sum;
  }

  const Gather& gather_;
  const Epilogue& epilogue_;
  __m512 slope_, scale_;
  Value* out_;
  const Value* mask_ = nullptr;
  const Value* values_;
};

}  // namespace makeover::engine::kernels
