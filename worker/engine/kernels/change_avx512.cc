// The end of the makeover generator, for inference.
#include "worker/engine/kernels/change.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels {
namespace {

// e^x to a few units in the last place, by its series around the nearest multiple of ln 2.
__m512 Exp(__m512 x) {
  constexpr float kMost = 88;  // as much as fits into a float
  constexpr float kLn2High = 0.693359375F;
  constexpr float kLn2Low = -2.12194440e-4F;
  // Where x is not a number, the second is returned.
  x = _mm512_max_ps(_mm512_set1_ps(-kMost), _mm512_min_ps(_mm512_set1_ps(kMost), x));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504F)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(kLn2High), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(kLn2Low), r);
  __m512 sum = _mm512_set1_ps(1.0F / 5040);
  constexpr float kFactors[] = {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1, 1};
  for (const float factor : kFactors) sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(factor));
  return _mm512_scalef_ps(sum, n);
}

// Of up to four places, whose masks are the last of each four lanes; the changes are in the others.
__m512 Changes(__m512 y) {
  constexpr __mmask16 kMasks = 0x8888;
  const __m512 one = _mm512_set1_ps(1);
  // tanh(y) = 1 - 2 / (1 + e^2y), sigmoid(y) = 1 / (1 + e^-y)
  const __m512 power = _mm512_mask_sub_ps(_mm512_add_ps(y, y), kMasks, _mm512_setzero_ps(), y);
  const __m512 part = _mm512_div_ps(one, _mm512_add_ps(one, Exp(power)));
  const __m512 mask = _mm512_permute_ps(part, 0xFF);
  return _mm512_mul_ps(_mm512_fnmadd_ps(_mm512_set1_ps(2), part, one), mask);
}

template <class T>
void Change(const MaskedChange& work, int64_t begin, int64_t end) {
  constexpr int64_t kPlaces = 4;
  constexpr __mmask16 kColours = 0x7777;
  const auto* change = static_cast<const typename T::Value*>(work.change);
  for (int64_t row = begin; row < end; row += kPlaces) {
    const int64_t rows = end - row < kPlaces ? end - row : kPlaces;
    const __m512 y = Changes(T::Load(change + row * 4, Lanes(0, rows * 4)));
    const __mmask16 lanes = Lanes(0, rows * 3);
    const __m512 picture = _mm512_maskz_loadu_ps(lanes, work.picture + row * 3);
    const __m512 sum = _mm512_add_ps(picture, _mm512_maskz_compress_ps(kColours, y));
    _mm512_mask_storeu_ps(work.out + row * 3, lanes, sum);
  }
}

}  // namespace

void ComputeMaskedChange(const MaskedChange& work, int64_t row_begin, int64_t row_end) {
  if (work.type == Type::kBfloat16) {
    Change<Bf16>(work, row_begin, row_end);
  } else {
    Change<F32>(work, row_begin, row_end);
  }
}

}  // namespace makeover::engine::kernels
