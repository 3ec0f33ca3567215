// The vectors of vectors.h with AVX2 and FMA: two of eight numbers each.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace makeover::engine::kernels::avx2 {

struct Vector {
  __m256 low, high;
};
struct Bits {
  __m256i low, high;
};
using Mask = int;  // the number of lanes, from the first

inline constexpr Mask kAllLanes = 16;

// The most rows of a tile with so many vectors of sums a row: 12 of 16 registers.
inline constexpr int kTileRows[] = {0, 6};

inline Mask Lanes(int64_t at, int64_t channels) {
  const int64_t left = channels - at;
  return left >= 16 ? kAllLanes : static_cast<Mask>(left > 0 ? left : 0);
}

// All bits of the lanes from the first that are below `count`.
inline __m256i MaskOf8(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

inline __m256 Load8(const float* p, int count) {
  if (count >= 8) return _mm256_loadu_ps(p);
  return count <= 0 ? _mm256_setzero_ps() : _mm256_maskload_ps(p, MaskOf8(count));
}

inline void Store8(float* p, int count, __m256 v) {
  if (count >= 8) return _mm256_storeu_ps(p, v);
  if (count > 0) _mm256_maskstore_ps(p, MaskOf8(count), v);
}

inline Vector Zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline Vector All(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline Vector Load16(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void Store16(float* p, Vector v) {
  _mm256_storeu_ps(p, v.low);
  _mm256_storeu_ps(p + 8, v.high);
}
inline Vector Plus(Vector a, Vector b) {
  return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
inline Vector Minus(Vector a, Vector b) {
  return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
inline Vector Times(Vector a, Vector b) {
  return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
inline Vector Over(Vector a, Vector b) {
  return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
inline Vector Max(Vector a, Vector b) {
  return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
inline Vector Min(Vector a, Vector b) {
  return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}
inline Vector Fused(Vector a, Vector b, Vector c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
inline Vector FusedNegative(Vector a, Vector b, Vector c) {
  return {_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)};
}
inline Vector Rounded(Vector x) {
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  return {_mm256_round_ps(x.low, kNearest), _mm256_round_ps(x.high, kNearest)};
}

// By the bits of the exponent: n is a whole number from -127 on, which gives 0, to 127.
inline __m256 PowerOf2(__m256 n) {
  const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}
inline Vector TimesPowerOf2(Vector x, Vector n) {
  return Times(x, {PowerOf2(n.low), PowerOf2(n.high)});
}

template <int kCompare>
Vector Blended(Vector x, Vector where, Vector otherwise) {
  const auto half = [](__m256 value, __m256 yes, __m256 no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(value, _mm256_setzero_ps(), kCompare));
  };
  return {half(x.low, where.low, otherwise.low), half(x.high, where.high, otherwise.high)};
}
// a where x > 0, else b; b where x is not a number.
inline Vector IfPositive(Vector x, Vector a, Vector b) { return Blended<_CMP_GT_OQ>(x, a, b); }
// a where x < 0, else b; b where x is not a number.
inline Vector IfNegative(Vector x, Vector a, Vector b) { return Blended<_CMP_LT_OQ>(x, a, b); }

// Of each four lanes the last is b's.
inline Vector LastOf4(Vector a, Vector b) {
  return {_mm256_blend_ps(a.low, b.low, 0x88), _mm256_blend_ps(a.high, b.high, 0x88)};
}
// Each four lanes are the last of them.
inline Vector RepeatLastOf4(Vector x) {
  return {_mm256_permute_ps(x.low, 0xFF), _mm256_permute_ps(x.high, 0xFF)};
}
// The first three of each four lanes, one behind the other, then zeros.
inline Vector FirstThreeOf4(Vector x) {
  alignas(32) float from[16];
  alignas(32) float to[16] = {};
  Store16(from, x);
  for (int i = 0; i < 12; ++i) to[i] = from[i / 3 * 4 + i % 3];
  return Load16(to);
}

inline void AddDoubles(Vector values, Mask lanes, double* sums) {
  alignas(32) float all[16];
  Store16(all, values);
  for (int i = 0; i < lanes; ++i) sums[i] += static_cast<double>(all[i]);
}

// Lane i and lane i + 8.
inline __m256 Halves(Vector v) { return _mm256_add_ps(v.low, v.high); }

// Numbers that lie `stride` apart, zeros elsewhere.
inline Vector LoadApart(const float* p, int64_t stride, Mask lanes) {
  alignas(32) float all[16] = {};
  for (int i = 0; i < lanes; ++i) all[i] = p[i * stride];
  return Load16(all);
}

inline Bits LoadBits(const void* p) {
  const auto* from = static_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
}
inline void StoreBits(void* p, Bits bits) {
  auto* to = static_cast<__m256i*>(p);
  _mm256_storeu_si256(to, bits.low);
  _mm256_storeu_si256(to + 1, bits.high);
}
inline Bits RepeatBits(int32_t bits) { return {_mm256_set1_epi32(bits), _mm256_set1_epi32(bits)}; }
inline Bits BitsOf(Vector v) { return {_mm256_castps_si256(v.low), _mm256_castps_si256(v.high)}; }
inline Vector VectorOf(Bits bits) {
  return {_mm256_castsi256_ps(bits.low), _mm256_castsi256_ps(bits.high)};
}

struct F32 {
  using Value = float;
  static constexpr int64_t kPair = 1;
  static Vector Load(const Value* p, Mask lanes) {
    return {Load8(p, lanes), lanes > 8 ? Load8(p + 8, lanes - 8) : _mm256_setzero_ps()};
  }
  static void Store(Value* p, Mask lanes, Vector v) {
    Store8(p, lanes, v.low);
    if (lanes > 8) Store8(p + 8, lanes - 8, v.high);
  }
  static Bits Pair(Vector first, Vector /*second*/) { return BitsOf(first); }
  static Bits Interleave(const Value* p, int64_t /*next*/, Mask lanes) {
    return BitsOf(Load(p, lanes));
  }
  static Bits LoadChunk(const Value* p, int64_t count) { return BitsOf(Load(p, Lanes(0, count))); }
  // As integers, values with a sign are below 0 too.
  static Bits Positive(Bits x) {
    const __m256i zero = _mm256_setzero_si256();
    return {_mm256_max_epi32(x.low, zero), _mm256_max_epi32(x.high, zero)};
  }
  static Bits Rectified(Bits x) { return BitsOf(Max(Zero(), VectorOf(x))); }
  static Vector MultiplyAdd(Vector sum, Bits a, Bits b) {
    return Fused(VectorOf(a), VectorOf(b), sum);
  }
};

// There are no instructions for bfloat16, and `Available` says so: it stands here so that the same
// source is compiled for both.
using Bf16 = F32;

}  // namespace makeover::engine::kernels::avx2
