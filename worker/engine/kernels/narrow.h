// 1x1 convolutions from or to a few channels, for inference: reading and writing takes them longer
// than computing. Where kernels.h says that a type is available.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels {

// out[row, k] = bias[k] + the sum over c of linear[k, c] * x[row, c] + rectified[k, c] *
// max(x[row, c], 0).
struct NarrowOutputs {
  Type type = Type::kFloat32;
  const void* in = nullptr;  // [rows, channels]
  int64_t channels = 0;
  const void* weights = nullptr;  // as PackNarrowWeights leaves them
  const float* bias = nullptr;    // [outputs]
  float* out = nullptr;           // [rows, outputs]
  int64_t outputs = 0;
};

size_t PackedNarrowBytes(Type type, int64_t outputs, int64_t channels);
// linear, rectified: [outputs, channels].
void PackNarrowWeights(Type type, const float* linear, const float* rectified, int64_t outputs,
                       int64_t channels, void* packed);
void ComputeNarrowOutputs(const NarrowOutputs& work, int64_t row_begin, int64_t row_end);

// out[row, k] = bias[k] + the sum over c of weights[c, k] * in[row, c], of float32, in the type.
struct NarrowInputs {
  Type type = Type::kFloat32;
  const float* in = nullptr;  // [rows, channels]
  int64_t channels = 0;
  const float* weights = nullptr;  // [channels, outputs]
  const float* bias = nullptr;     // [outputs]
  void* out = nullptr;             // [rows, outputs]
  int64_t outputs = 0;
};

void ComputeNarrowInputs(const NarrowInputs& work, int64_t row_begin, int64_t row_end);

}  // namespace makeover::engine::kernels
