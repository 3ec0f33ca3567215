// The vectors of vectors.h with AVX-512, and bfloat16 with AVX512_BF16.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace makeover::engine::kernels::avx512 {

using Vector = __m512;
using Bits = __m512i;
using Mask = __mmask16;

inline constexpr Mask kAllLanes = 0xFFFF;

// The most rows of a tile with so many vectors of sums a row: what 32 registers hold beside the
// operands.
inline constexpr int kTileRows[] = {0, 14, 12, 8, 6};

inline Mask Lanes(int64_t at, int64_t channels) {
  const int64_t left = channels - at;
  return left >= 16 ? kAllLanes : static_cast<Mask>((1U << (left > 0 ? left : 0)) - 1);
}

inline Vector Zero() { return _mm512_setzero_ps(); }
inline Vector All(float x) { return _mm512_set1_ps(x); }
inline Vector Load16(const float* p) { return _mm512_loadu_ps(p); }
inline void Store16(float* p, Vector v) { _mm512_storeu_ps(p, v); }
inline Vector Plus(Vector a, Vector b) { return _mm512_add_ps(a, b); }
inline Vector Minus(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
inline Vector Times(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
inline Vector Over(Vector a, Vector b) { return _mm512_div_ps(a, b); }
inline Vector Max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
inline Vector Min(Vector a, Vector b) { return _mm512_min_ps(a, b); }
inline Vector Fused(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
inline Vector FusedNegative(Vector a, Vector b, Vector c) { return _mm512_fnmadd_ps(a, b, c); }
inline Vector Rounded(Vector x) { return _mm512_roundscale_ps(x, 0); }
inline Vector TimesPowerOf2(Vector x, Vector n) { return _mm512_scalef_ps(x, n); }

// a where x > 0, else b; b where x is not a number.
inline Vector IfPositive(Vector x, Vector a, Vector b) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, Zero(), _CMP_NGT_UQ), a, b);
}

// a where x < 0, else b; b where x is not a number.
inline Vector IfNegative(Vector x, Vector a, Vector b) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, Zero(), _CMP_LT_OQ), b, a);
}

// Of each four lanes the last is b's.
inline Vector LastOf4(Vector a, Vector b) { return _mm512_mask_blend_ps(0x8888, a, b); }
// Each four lanes are the last of them.
inline Vector RepeatLastOf4(Vector x) { return _mm512_permute_ps(x, 0xFF); }
// The first three of each four lanes, one behind the other, then zeros.
inline Vector FirstThreeOf4(Vector x) { return _mm512_maskz_compress_ps(0x7777, x); }

inline void AddDoubles(Vector values, Mask lanes, double* sums) {
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(values));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(values, 1));
  const auto low_lanes = static_cast<__mmask8>(lanes);
  const auto high_lanes = static_cast<__mmask8>(lanes >> 8);
  _mm512_mask_storeu_pd(sums, low_lanes,
                        _mm512_add_pd(low, _mm512_maskz_loadu_pd(low_lanes, sums)));
  if (high_lanes == 0) return;
  _mm512_mask_storeu_pd(sums + 8, high_lanes,
                        _mm512_add_pd(high, _mm512_maskz_loadu_pd(high_lanes, sums + 8)));
}

// Lane i and lane i + 8.
inline __m256 Halves(Vector v) {
  return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

// Numbers that lie `stride` apart, zeros elsewhere.
inline Vector LoadApart(const float* p, int64_t stride, Mask lanes) {
  const __m512i places =
      _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32(static_cast<int>(stride)));
  return _mm512_mask_i32gather_ps(Zero(), lanes, places, p, 4);
}

inline Bits LoadBits(const void* p) { return _mm512_loadu_si512(p); }
inline void StoreBits(void* p, Bits bits) { _mm512_storeu_si512(p, bits); }
inline Bits RepeatBits(int32_t bits) { return _mm512_set1_epi32(bits); }

struct F32 {
  using Value = float;
  static constexpr int64_t kPair = 1;
  static Vector Load(const Value* p, Mask lanes) { return _mm512_maskz_loadu_ps(lanes, p); }
  static void Store(Value* p, Mask lanes, Vector v) {
    // Stores under a mask are slow on some processors, and most are of whole vectors.
    if (lanes == kAllLanes) return _mm512_storeu_ps(p, v);
    if (lanes == 0xFF) return _mm256_storeu_ps(p, _mm512_castps512_ps256(v));
    _mm512_mask_storeu_ps(p, lanes, v);
  }
  static Bits Pair(Vector first, Vector /*second*/) { return _mm512_castps_si512(first); }
  static Bits Interleave(const Value* p, int64_t /*next*/, Mask lanes) {
    return _mm512_maskz_loadu_epi32(lanes, p);
  }
  static Bits LoadChunk(const Value* p, int64_t count) {
    return _mm512_maskz_loadu_epi32(Lanes(0, count), p);
  }
  // As integers, values with a sign are below 0 too.
  static Bits Positive(Bits x) { return _mm512_max_epi32(x, _mm512_setzero_si512()); }
  static Bits Rectified(Bits x) {
    return _mm512_castps_si512(_mm512_max_ps(_mm512_setzero_ps(), _mm512_castsi512_ps(x)));
  }
  static Vector MultiplyAdd(Vector sum, Bits a, Bits b) {
    return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
  }
};

struct Bf16 {
  using Value = uint16_t;
  static constexpr int64_t kPair = 2;
  static Vector Load(const Value* p, Mask lanes) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p)), 16));
  }
  static void Store(Value* p, Mask lanes, Vector v) {
    const auto narrow = (__m256i)_mm512_cvtneps_pbh(v);
    if (lanes == kAllLanes) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow);
    if (lanes == 0xFF) {
      return _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(narrow));
    }
    _mm256_mask_storeu_epi16(p, lanes, narrow);
  }
  static void StoreTwo(Value* p, Vector first, Vector second) {
    _mm512_storeu_si512(p, (__m512i)_mm512_cvtne2ps_pbh(second, first));
  }
  static Bits Pair(Vector first, Vector second) {
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(second, first));
  }
  static Bits Interleave(const Value* p, int64_t next, Mask lanes) {
    const __m512i first = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p));
    const __m512i second = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p + next));
    return _mm512_or_si512(first, _mm512_slli_epi32(second, 16));
  }
  static Bits LoadChunk(const Value* p, int64_t count) {
    const auto lanes = count >= 32 ? ~__mmask32{0} : static_cast<__mmask32>((1ULL << count) - 1);
    return _mm512_maskz_loadu_epi16(lanes, p);
  }
  static Bits Positive(Bits x) { return _mm512_max_epi16(x, _mm512_setzero_si512()); }
  static Bits Rectified(Bits x) {
    // As integers, what is not a number and has a sign is above minus infinity, 0xFF80.
    return _mm512_maskz_mov_epi16(_mm512_cmpgt_epi16_mask(x, _mm512_set1_epi16(-128)), x);
  }
  static Vector MultiplyAdd(Vector sum, Bits a, Bits b) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
  }
};

}  // namespace makeover::engine::kernels::avx512
