// The end of the makeover generator, for inference: a picture with a masked change. Where kernels.h
// says that a type is available.
#pragma once

#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels {

// out[row, c] = picture[row, c] + tanh(change[row, c]) * sigmoid(change[row, 3]) for c < 3.
struct MaskedChange {
  Type type = Type::kFloat32;      // of the change
  const float* picture = nullptr;  // [rows, 3]
  const void* change = nullptr;    // [rows, 4]
  float* out = nullptr;            // [rows, 3]
};

void ComputeMaskedChange(const MaskedChange& work, int64_t row_begin, int64_t row_end);

}  // namespace makeover::engine::kernels
