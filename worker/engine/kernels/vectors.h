// Sixteen numbers at a time, in float32 or bfloat16: what the kernels share. For files that are
// compiled for AVX-512.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace makeover::engine::kernels {

// The lanes of a vector that begins at channel `at` of `channels`.
inline __mmask16 Lanes(int64_t at, int64_t channels) {
  const int64_t left = channels - at;
  return left >= 16 ? 0xFFFF : static_cast<__mmask16>((1U << (left > 0 ? left : 0)) - 1);
}

struct F32 {
  using Value = float;
  static constexpr int64_t kPair = 1;  // values in 32 bits
  static __m512 Load(const Value* p, __mmask16 lanes) { return _mm512_maskz_loadu_ps(lanes, p); }
  static void Store(Value* p, __mmask16 lanes, __m512 v) {
    // Stores under a mask are slow on some processors, and most are of whole vectors.
    if (lanes == 0xFFFF) return _mm512_storeu_ps(p, v);
    if (lanes == 0xFF) return _mm256_storeu_ps(p, _mm512_castps512_ps256(v));
    _mm512_mask_storeu_ps(p, lanes, v);
  }
  // The 32 bits of each weight that a product takes, of one or two inputs.
  static __m512i Pair(__m512 first, __m512 /*second*/) { return _mm512_castps_si512(first); }
  // The 32 bits of each channel that a product takes from `kPair` neighbouring places.
  static __m512i Interleave(const Value* p, int64_t /*next*/, __mmask16 lanes) {
    return _mm512_maskz_loadu_epi32(lanes, p);
  }
  // The first `count` values, at most a vector of them, as a product takes them.
  static __m512i LoadChunk(const Value* p, int64_t count) {
    return _mm512_maskz_loadu_epi32(Lanes(0, count), p);
  }
  // Through ReLU: as integers, values with a sign are below 0 too.
  static __m512i Positive(__m512i x) { return _mm512_max_epi32(x, _mm512_setzero_si512()); }
  static __m512 MultiplyAdd(__m512 sum, __m512i a, __m512i b) {
    return _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
  }
};

struct Bf16 {
  using Value = uint16_t;
  static constexpr int64_t kPair = 2;
  static __m512 Load(const Value* p, __mmask16 lanes) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p)), 16));
  }
  static void Store(Value* p, __mmask16 lanes, __m512 v) {
    const auto narrow = (__m256i)_mm512_cvtneps_pbh(v);
    if (lanes == 0xFFFF) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow);
    if (lanes == 0xFF) {
      return _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(narrow));
    }
    _mm256_mask_storeu_epi16(p, lanes, narrow);
  }
  static __m512i Pair(__m512 first, __m512 second) {
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(second, first));
  }
  static __m512i Interleave(const Value* p, int64_t next, __mmask16 lanes) {
    const __m512i first = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p));
    const __m512i second = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, p + next));
    return _mm512_or_si512(first, _mm512_slli_epi32(second, 16));
  }
  static __m512i LoadChunk(const Value* p, int64_t count) {
    const auto lanes = count >= 32 ? ~__mmask32{0} : static_cast<__mmask32>((1ULL << count) - 1);
    return _mm512_maskz_loadu_epi16(lanes, p);
  }
  static __m512i Positive(__m512i x) { return _mm512_max_epi16(x, _mm512_setzero_si512()); }
  static __m512 MultiplyAdd(__m512 sum, __m512i a, __m512i b) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
  }
};

// Below zero times slope.
inline __m512 Leaky(__m512 x, __m512 slope) {
  const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
  return _mm512_mask_mul_ps(x, negative, x, slope);
}

}  // namespace makeover::engine::kernels
