// Sixteen numbers at a time, in float32 or bfloat16: what the kernels share. The files that include
// this are compiled twice, as variants avx512 and avx2, each in the namespace of its name, which
// the build gives as MAKEOVER_VARIANT, behind vectors_avx512.h or vectors_avx2.h, which it includes
// first. Both have:
//
// - Vector: 16 float32.
// - Bits: 16 times 32 bits, a float32 or two bfloat16, as products take them.
// - Mask, Lanes: the lanes of a vector that begins at channel `at` of `channels`.
// - F32, Bf16: a type: Value, kPair (values in 32 bits) and
//   - Load, Store: of some lanes, zeros in the others.
//   - Pair: the 32 bits of each weight that a product takes, of one or two inputs.
//   - Interleave: the 32 bits of each channel that it takes from kPair neighbouring places.
//   - LoadChunk: the first `count` values, at most 16 * kPair, as it takes them.
//   - Positive: through ReLU.
//   - Rectified: likewise; what is not a number stays so.
//   - MultiplyAdd: sum + a * b, of all pairs.
//
// and the operations on vectors that they define.
#pragma once

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// work(Bf16()) or work(F32()).
template <class Work>
auto ForType(Type type, const Work& work) {
  return type == Type::kBfloat16 ? work(Bf16()) : work(F32());
}

// Below zero times slope.
inline Vector Leaky(Vector x, Vector slope) { return IfNegative(x, Times(x, slope), x); }

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
