// Gradients of weights by the methods with fewer products, on the shapes of shapes.h. For files
// that are compiled for AVX-512.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels {

size_t WinogradGradientScratchBytes(const WeightGradient& work);
void AddWinogradGradient(const WeightGradient& work, int64_t picture_begin, int64_t picture_end,
                         float* sums, void* scratch);
// The 9 taps' gradients of one input and 16 outputs. Sums of one product lie `stride` floats behind
// those of the one before, and `parts` of all of them `part_stride` apart are added up.
void WinogradGradients16(const WeightGradient& work, const float* sums, int64_t stride,
                         int64_t parts, int64_t part_stride, __m512* gradients);

}  // namespace makeover::engine::kernels
