// Weights out of a WeightView.
#pragma once

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Sixteen outputs of one input, zeros beyond the last.
inline Vector LoadWeights(const WeightView& view, const float* tap, int64_t input, int64_t output) {
  const Mask lanes = input < view.inputs ? Lanes(output, view.outputs) : Mask{0};
  const float* from = tap + input * view.stride_input + output * view.stride_output;
  return Times(LoadApart(from, view.stride_output, lanes), All(view.scale));
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
