// The kernels of kernels.h, change.h and narrow.h as a table, one for each kind of processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/change.h"
#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/narrow.h"

namespace makeover::engine::kernels {

struct Variant {
  int64_t (*padded_outputs)(int64_t outputs);
  bool (*suits)(Method method, const WeightView& weights);
  size_t (*packed_weight_bytes)(Type type, Method method, const WeightView& weights);
  void (*pack_weights)(Type type, Method method, const WeightView& weights, int64_t output_begin,
                       int64_t output_end, void* packed);
  int64_t (*strips)(const Gather& gather);
  size_t (*gather_scratch_bytes)(const Gather& gather);
  void (*convolve)(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch);

  int64_t (*padded_inputs)(int64_t inputs, int64_t outputs);
  int64_t (*sum_count)(const WeightGradient& work);
  size_t (*gradient_scratch_bytes)(const WeightGradient& work);
  void (*add_weight_gradient)(const WeightGradient& work, int64_t picture_begin,
                              int64_t picture_end, float* sums, void* scratch);
  void (*write_weight_gradient)(const WeightGradient& work, const float* sums, int64_t parts,
                                int64_t input_begin, int64_t input_end, const WeightTarget& target);

  void (*add_moments)(Type type, const void* x, int64_t rows, int64_t channels, const float* shift,
                      double* sums, double* squares);
  void (*add_products)(Type type, const void* g, const void* y, int64_t rows, int64_t channels,
                       const float* shift, double* sums, double* products);
  void (*affine)(Type type, const void* x, const void* y, int64_t rows, int64_t channels,
                 const float* a, const float* b, const float* c, void* out);

  size_t (*packed_narrow_bytes)(Type type, int64_t outputs, int64_t channels);
  void (*pack_narrow_weights)(Type type, const float* linear, const float* rectified,
                              int64_t outputs, int64_t channels, void* packed);
  void (*compute_narrow_outputs)(const NarrowOutputs& work, int64_t row_begin, int64_t row_end);
  void (*compute_narrow_inputs)(const NarrowInputs& work, int64_t row_begin, int64_t row_end);

  void (*compute_masked_change)(const MaskedChange& work, int64_t row_begin, int64_t row_end);
};

namespace avx512 {
const Variant& Functions();
}
namespace avx2 {
const Variant& Functions();
}

// What this processor has: AVX-512 F, BW, DQ and VL; beside them bfloat16, and no AMX, with which
// oneDNN is faster; AVX2 and FMA.
bool HasAvx512();
bool HasAvx512ForBfloat16();
bool HasAvx2();

}  // namespace makeover::engine::kernels
