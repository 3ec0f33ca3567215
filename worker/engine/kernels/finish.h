// What happens to sums before they are stored: kernels.h says it at Epilogue.
#pragma once

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels {

template <class T>
class Residuals {
 public:
  using Value = typename T::Value;

  Residuals(const Gather& gather, int64_t picture)
      : epilogue_(gather.epilogue),
        channels_(gather.outputs),
        values_(static_cast<const Value*>(epilogue_.values) +
                picture * epilogue_.height * epilogue_.width * channels_) {}

  __m512 At(int64_t y, int64_t x, int64_t channel, __mmask16 lanes) const {
    if (epilogue_.residual == Residual::kSame) return Load(y, x, channel, lanes);
    if (epilogue_.residual == Residual::kHalf) return Load(y / 2, x / 2, channel, lanes);
    const __m512 upper =
        _mm512_add_ps(Load(2 * y, 2 * x, channel, lanes), Load(2 * y, 2 * x + 1, channel, lanes));
    const __m512 lower = _mm512_add_ps(Load(2 * y + 1, 2 * x, channel, lanes),
                                       Load(2 * y + 1, 2 * x + 1, channel, lanes));
    return _mm512_add_ps(upper, lower);
  }

 private:
  __m512 Load(int64_t y, int64_t x, int64_t channel, __mmask16 lanes) const {
    if (y >= epilogue_.height || x >= epilogue_.width) return _mm512_setzero_ps();
    return T::Load(values_ + (y * epilogue_.width + x) * channels_ + channel, lanes);
  }

  const Epilogue& epilogue_;
  int64_t channels_;
  const Value* values_;
};

// Finishes sums and stores them.
template <class T>
class Finish {
 public:
  using Value = typename T::Value;

  Finish(const Gather& gather, int64_t picture)
      : gather_(gather),
        residuals_(gather, picture),
        slope_(_mm512_set1_ps(gather.epilogue.slope)) {
    const int64_t offset = picture * gather.out_height * gather.out_width * gather.outputs;
    out_ = static_cast<Value*>(gather.out) + offset;
    mask_ = gather.epilogue.mask == nullptr
                ? nullptr
                : static_cast<const Value*>(gather.epilogue.mask) + offset;
  }

  // `rows` places from (y, x) on; `vectors` vectors from `channel` on.
  void Store(int64_t y, int64_t x, int rows, int64_t channel, int vectors,
             const float* sums) const {
    for (int m = 0; m < rows; ++m)
      for (int64_t n = 0; n < vectors; ++n, sums += 16)
        Store16(y, x + m, channel + 16 * n, _mm512_loadu_ps(sums));
  }

  void Store16(int64_t y, int64_t x, int64_t channel, __m512 sum) const {
    const int64_t out_y = y * gather_.step + gather_.first_y;
    const int64_t out_x = x * gather_.step + gather_.first_x;
    const int64_t at = (out_y * gather_.out_width + out_x) * gather_.outputs;
    const __mmask16 lanes = Lanes(channel, gather_.outputs);
    T::Store(out_ + at + channel, lanes, Value16(sum, at, out_y, out_x, channel, lanes));
  }

 private:
  __m512 Value16(__m512 v, int64_t at, int64_t y, int64_t x, int64_t c, __mmask16 lanes) const {
    const Epilogue& epilogue = gather_.epilogue;
    if (epilogue.bias != nullptr) v = _mm512_add_ps(v, _mm512_loadu_ps(epilogue.bias + c));
    if (mask_ != nullptr) {
      const __m512 mask = T::Load(mask_ + at + c, lanes);
      const __mmask16 off = _mm512_cmp_ps_mask(mask, _mm512_setzero_ps(), _CMP_NGT_UQ);
      v = _mm512_mask_mul_ps(v, off, v, slope_);
    }
    if (epilogue.residual == Residual::kNone) return v;
    return _mm512_fmadd_ps(residuals_.At(y, x, c, lanes), _mm512_set1_ps(epilogue.scale), v);
  }

  const Gather& gather_;
  Residuals<T> residuals_;
  __m512 slope_;
  Value* out_;
  const Value* mask_;
};

}  // namespace makeover::engine::kernels
