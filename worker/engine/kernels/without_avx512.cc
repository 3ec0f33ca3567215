#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels {

bool Available(Type /*type*/) { return false; }

int64_t PaddedOutputs(int64_t outputs) { return outputs; }

Method MethodFor(const WeightView& /*weights*/, int64_t /*stride*/, int64_t /*step*/) {
  return Method::kDirect;
}

size_t PackedWeightBytes(Type /*type*/, Method /*method*/, const WeightView& /*weights*/) {
  return 0;
}

void PackWeights(Type /*type*/, Method /*method*/, const WeightView& /*weights*/,
                 void* /*packed*/) {}

int64_t Strips(const Gather& /*gather*/) { return 0; }

size_t ScratchBytes(const Gather& /*gather*/) { return 0; }

void Convolve(const Gather& /*gather*/, int64_t /*item_begin*/, int64_t /*item_end*/,
              void* /*scratch*/) {}

int64_t PaddedInputs(int64_t inputs, int64_t /*outputs*/) { return inputs; }

size_t ScratchBytes(const WeightGradient& /*work*/) { return 0; }

void AddWeightGradient(const WeightGradient& /*work*/, int64_t /*picture_begin*/,
                       int64_t /*picture_end*/, float* /*sums*/, void* /*scratch*/) {}

void AddMoments(Type /*type*/, const void* /*x*/, int64_t /*rows*/, int64_t /*channels*/,
                const float* /*shift*/, double* /*sums*/, double* /*squares*/) {}

void AddProducts(Type /*type*/, const void* /*g*/, const void* /*y*/, int64_t /*rows*/,
                 int64_t /*channels*/, const float* /*shift*/, double* /*sums*/,
                 double* /*products*/) {}

void Affine(Type /*type*/, const void* /*x*/, const void* /*y*/, int64_t /*rows*/,
            int64_t /*channels*/, const float* /*a*/, const float* /*b*/, const float* /*c*/,
            void* /*out*/) {}

}  // namespace makeover::engine::kernels
