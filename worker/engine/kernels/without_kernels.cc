#include "worker/engine/kernels/change.h"
#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/narrow.h"

namespace makeover::engine::kernels {

bool Available(Type /*type*/) { return false; }

int64_t PaddedOutputs(int64_t outputs) { return outputs; }

bool Suits(Method /*method*/, const WeightView& /*weights*/) { return false; }

size_t PackedWeightBytes(Type /*type*/, Method /*method*/, const WeightView& /*weights*/) {
  return 0;
}

void PackWeights(Type /*type*/, Method /*method*/, const WeightView& /*weights*/,
                 int64_t /*output_begin*/, int64_t /*output_end*/, void* /*packed*/) {}

int64_t Strips(const Gather& /*gather*/) { return 0; }

size_t ScratchBytes(const Gather& /*gather*/) { return 0; }

void Convolve(const Gather& /*gather*/, int64_t /*item_begin*/, int64_t /*item_end*/,
              void* /*scratch*/) {}

int64_t PaddedInputs(int64_t inputs, int64_t /*outputs*/) { return inputs; }

int64_t SumCount(const WeightGradient& /*work*/) { return 0; }

size_t ScratchBytes(const WeightGradient& /*work*/) { return 0; }

void AddWeightGradient(const WeightGradient& /*work*/, int64_t /*picture_begin*/,
                       int64_t /*picture_end*/, float* /*sums*/, void* /*scratch*/) {}

void WriteWeightGradient(const WeightGradient& /*work*/, const float* /*sums*/, int64_t /*parts*/,
                         int64_t /*input_begin*/, int64_t /*input_end*/,
                         const WeightTarget& /*target*/) {}

void AddMoments(Type /*type*/, const void* /*x*/, int64_t /*rows*/, int64_t /*channels*/,
                const float* /*shift*/, double* /*sums*/, double* /*squares*/) {}

void AddProducts(Type /*type*/, const void* /*g*/, const void* /*y*/, int64_t /*rows*/,
                 int64_t /*channels*/, const float* /*shift*/, double* /*sums*/,
                 double* /*products*/) {}

void Affine(Type /*type*/, const void* /*x*/, const void* /*y*/, int64_t /*rows*/,
            int64_t /*channels*/, const float* /*a*/, const float* /*b*/, const float* /*c*/,
            void* /*out*/) {}

size_t PackedNarrowBytes(Type /*type*/, int64_t /*outputs*/, int64_t /*channels*/) { return 0; }

void PackNarrowWeights(Type /*type*/, const float* /*linear*/, const float* /*rectified*/,
                       int64_t /*outputs*/, int64_t /*channels*/, void* /*packed*/) {}

void ComputeNarrowOutputs(const NarrowOutputs& /*work*/, int64_t /*row_begin*/,
                          int64_t /*row_end*/) {}

void ComputeNarrowInputs(const NarrowInputs& /*work*/, int64_t /*row_begin*/, int64_t /*row_end*/) {
}

void ComputeMaskedChange(const MaskedChange& /*work*/, int64_t /*row_begin*/, int64_t /*row_end*/) {
}

}  // namespace makeover::engine::kernels
