// Weights out of a WeightView.
#pragma once

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels {

// Sixteen outputs of one input, zeros beyond the last.
inline __m512 LoadWeights(const WeightView& view, const float* tap, int64_t input, int64_t output) {
  const __mmask16 lanes = input < view.inputs ? Lanes(output, view.outputs) : __mmask16{0};
  const __m512i places =
      _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32(static_cast<int>(view.stride_output)));
  const float* from = tap + input * view.stride_input + output * view.stride_output;
  return _mm512_mul_ps(_mm512_mask_i32gather_ps(_mm512_setzero_ps(), lanes, places, from, 4),
                       _mm512_set1_ps(view.scale));
}

}  // namespace makeover::engine::kernels
