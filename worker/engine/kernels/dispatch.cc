// The kernels of this processor.
#include "worker/engine/kernels/variant.h"

namespace makeover::engine::kernels {
namespace {

const Variant& Chosen() { return HasAvx512() ? avx512::Functions() : avx2::Functions(); }

}  // namespace

bool Available(Type type) {
  return type == Type::kBfloat16 ? HasAvx512ForBfloat16() : HasAvx512() || HasAvx2();
}

int64_t PaddedOutputs(int64_t outputs) { return Chosen().padded_outputs(outputs); }

bool Suits(Method method, const WeightView& weights) { return Chosen().suits(method, weights); }

size_t PackedWeightBytes(Type type, Method method, const WeightView& weights) {
  return Chosen().packed_weight_bytes(type, method, weights);
}

void PackWeights(Type type, Method method, const WeightView& weights, int64_t output_begin,
                 int64_t output_end, void* packed) {
  Chosen().pack_weights(type, method, weights, output_begin, output_end, packed);
}

int64_t Strips(const Gather& gather) { return Chosen().strips(gather); }

size_t ScratchBytes(const Gather& gather) { return Chosen().gather_scratch_bytes(gather); }

void Convolve(const Gather& gather, int64_t item_begin, int64_t item_end, void* scratch) {
  Chosen().convolve(gather, item_begin, item_end, scratch);
}

int64_t PaddedInputs(int64_t inputs, int64_t outputs) {
  return Chosen().padded_inputs(inputs, outputs);
}

int64_t SumCount(const WeightGradient& work) { return Chosen().sum_count(work); }

size_t ScratchBytes(const WeightGradient& work) { return Chosen().gradient_scratch_bytes(work); }

void AddWeightGradient(const WeightGradient& work, int64_t picture_begin, int64_t picture_end,
                       float* sums, void* scratch) {
  Chosen().add_weight_gradient(work, picture_begin, picture_end, sums, scratch);
}

void WriteWeightGradient(const WeightGradient& work, const float* sums, int64_t parts,
                         int64_t input_begin, int64_t input_end, const WeightTarget& target) {
  Chosen().write_weight_gradient(work, sums, parts, input_begin, input_end, target);
}

void AddMoments(Type type, const void* x, int64_t rows, int64_t channels, const float* shift,
                double* sums, double* squares) {
  Chosen().add_moments(type, x, rows, channels, shift, sums, squares);
}

void AddProducts(Type type, const void* g, const void* y, int64_t rows, int64_t channels,
                 const float* shift, double* sums, double* products) {
  Chosen().add_products(type, g, y, rows, channels, shift, sums, products);
}

void Affine(Type type, const void* x, const void* y, int64_t rows, int64_t channels, const float* a,
            const float* b, const float* c, void* out) {
  Chosen().affine(type, x, y, rows, channels, a, b, c, out);
}

size_t PackedNarrowBytes(Type type, int64_t outputs, int64_t channels) {
  return Chosen().packed_narrow_bytes(type, outputs, channels);
}

void PackNarrowWeights(Type type, const float* linear, const float* rectified, int64_t outputs,
                       int64_t channels, void* packed) {
  Chosen().pack_narrow_weights(type, linear, rectified, outputs, channels, packed);
}

void ComputeNarrowOutputs(const NarrowOutputs& work, int64_t row_begin, int64_t row_end) {
  Chosen().compute_narrow_outputs(work, row_begin, row_end);
}

void ComputeNarrowInputs(const NarrowInputs& work, int64_t row_begin, int64_t row_end) {
  Chosen().compute_narrow_inputs(work, row_begin, row_end);
}

void ComputeMaskedChange(const MaskedChange& work, int64_t row_begin, int64_t row_end) {
  Chosen().compute_masked_change(work, row_begin, row_end);
}

}  // namespace makeover::engine::kernels
