// Gradients of weights by the methods with fewer products, on the shapes of shapes.h. For files
// that include vectors.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Inputs of the sums: whole tiles.
int64_t PaddedInputs(int64_t inputs, int64_t outputs);
size_t WinogradGradientScratchBytes(const WeightGradient& work);
void AddWinogradGradient(const WeightGradient& work, int64_t picture_begin, int64_t picture_end,
                         float* sums, void* scratch);
// The 9 taps' gradients of one input and 16 outputs. Sums of one product lie `stride` floats behind
// those of the one before, and `parts` of all of them `part_stride` apart are added up.
void WinogradGradients16(const WeightGradient& work, const float* sums, int64_t stride,
                         int64_t parts, int64_t part_stride, Vector* gradients);

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
