// Sums and affine maps by channels.
#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels {
namespace {

// Float32 sums run side by side, which hides the latency of an addition, and are short: their
// rounding, the same for a whole channel, would add up where gradients all but cancel.
constexpr int64_t kSums = 4;
constexpr int64_t kRowsOfBlock = 8 * kSums;

void AddDoubles(__m512 values, __mmask16 lanes, double* sums) {
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

__m512 Total(const __m512* sums) {
  return _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3]));
}

// first += Term.first(row), second likewise, for 16 channels over a block of rows.
template <class Terms>
void AddBlock(const Terms& terms, int64_t row, int64_t rows, int64_t channel, int64_t channels,
              double* first, double* second) {
  const __mmask16 lanes = Lanes(channel, channels);
  __m512 a[kSums] = {};
  __m512 b[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= rows; i += kSums) {
    for (int64_t k = 0; k < kSums; ++k)
      terms.Add((row + i + k) * channels, channel, lanes, &a[k], &b[k]);
  }
  for (; i < rows; ++i) terms.Add((row + i) * channels, channel, lanes, &a[0], &b[0]);
  AddDoubles(Total(a), lanes, first + channel);
  AddDoubles(Total(b), lanes, second + channel);
}

template <class Terms>
void AddRows(const Terms& terms, int64_t rows, int64_t channels, double* first, double* second) {
  for (int64_t row = 0; row < rows; row += kRowsOfBlock) {
    const int64_t block = rows - row < kRowsOfBlock ? rows - row : kRowsOfBlock;
    for (int64_t channel = 0; channel < channels; channel += 16)
      AddBlock(terms, row, block, channel, channels, first, second);
  }
}

template <class T>
struct Moments {
  const typename T::Value* x;
  const float* shift;
  void Add(int64_t at, int64_t channel, __mmask16 lanes, __m512* sum, __m512* squares) const {
    const __m512 value = _mm512_sub_ps(T::Load(x + at + channel, lanes),
                                       _mm512_maskz_loadu_ps(lanes, shift + channel));
    *sum = _mm512_add_ps(*sum, value);
    *squares = _mm512_fmadd_ps(value, value, *squares);
  }
};

template <class T>
struct Products {
  const typename T::Value* g;
  const typename T::Value* y;
  const float* shift;
  void Add(int64_t at, int64_t channel, __mmask16 lanes, __m512* sum, __m512* products) const {
    const __m512 gradient = T::Load(g + at + channel, lanes);
    const __m512 value = _mm512_sub_ps(T::Load(y + at + channel, lanes),
                                       _mm512_maskz_loadu_ps(lanes, shift + channel));
    *sum = _mm512_add_ps(*sum, gradient);
    *products = _mm512_fmadd_ps(gradient, value, *products);
  }
};

template <class T>
struct Values {
  using Value = typename T::Value;
  const Value* x;
  const Value* y;
  Value* out;
};

template <class T>
void MapRows(const Values<T>& values, int64_t rows, int64_t channels, const float* a,
             const float* b, const float* c) {
  for (int64_t at = 0; at < rows * channels; at += channels) {
    for (int64_t channel = 0; channel < channels; channel += 16) {
      const __mmask16 lanes = Lanes(channel, channels);
      const int64_t i = at + channel;
      __m512 v =
          _mm512_fmadd_ps(T::Load(values.x + i, lanes), _mm512_maskz_loadu_ps(lanes, a + channel),
                          _mm512_maskz_loadu_ps(lanes, c + channel));
      if (values.y != nullptr) {
        v = _mm512_fmadd_ps(T::Load(values.y + i, lanes), _mm512_maskz_loadu_ps(lanes, b + channel),
                            v);
      }
      T::Store(values.out + i, lanes, v);
    }
  }
}

const uint16_t* Half(const void* p) { return static_cast<const uint16_t*>(p); }
const float* Single(const void* p) { return static_cast<const float*>(p); }

}  // namespace

void AddMoments(Type type, const void* x, int64_t rows, int64_t channels, const float* shift,
                double* sums, double* squares) {
  if (type == Type::kBfloat16) {
    AddRows(Moments<Bf16>{Half(x), shift}, rows, channels, sums, squares);
  } else {
    AddRows(Moments<F32>{Single(x), shift}, rows, channels, sums, squares);
  }
}

void AddProducts(Type type, const void* g, const void* y, int64_t rows, int64_t channels,
                 const float* shift, double* sums, double* products) {
  if (type == Type::kBfloat16) {
    AddRows(Products<Bf16>{Half(g), Half(y), shift}, rows, channels, sums, products);
  } else {
    AddRows(Products<F32>{Single(g), Single(y), shift}, rows, channels, sums, products);
  }
}

void Affine(Type type, const void* x, const void* y, int64_t rows, int64_t channels, const float* a,
            const float* b, const float* c, void* out) {
  if (type == Type::kBfloat16) {
    MapRows(Values<Bf16>{Half(x), Half(y), static_cast<uint16_t*>(out)}, rows, channels, a, b, c);
  } else {
    MapRows(Values<F32>{Single(x), Single(y), static_cast<float*>(out)}, rows, channels, a, b, c);
  }
}

}  // namespace makeover::engine::kernels
