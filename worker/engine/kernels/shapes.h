// Bilinear algorithms for 3x3 taps: how inputs and weights are combined before they are multiplied,
// and products after it, in one dimension; two of these, one across the other, make the
// convolution. Each saves products as Winograd's F(2, 3) does (Lavin and Gray, 2016): numbers of
// inputs and products of a tile are kInputs and kPlaces squared.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"

namespace makeover::engine::kernels {

template <size_t kCount>
struct Vectors {
  __m512 values[kCount];
  __m512& operator[](size_t i) { return values[i]; }
  const __m512& operator[](size_t i) const { return values[i]; }
};

// Two neighbouring results, by 4 products for 6: F(2, 3) itself.
struct PlainShape {
  using Gradient = struct PlainGradient;
  static constexpr Method kMethod = Method::kWinograd;
  static constexpr int64_t kInputs = 4;
  static constexpr int64_t kStep = 2;     // from a tile's first input to the next one's
  static constexpr int64_t kResults = 2;  // of a tile
  static constexpr int64_t kPlaces = 4;

  static Vectors<4> Inputs(const Vectors<4>& x) {
    return {{_mm512_sub_ps(x[0], x[2]), _mm512_add_ps(x[1], x[2]), _mm512_sub_ps(x[2], x[1]),
             _mm512_sub_ps(x[1], x[3])}};
  }
  static Vectors<4> Weights(const Vectors<3>& w) {
    const __m512 half = _mm512_set1_ps(0.5F);
    const __m512 outer = _mm512_add_ps(w[0], w[2]);
    return {{w[0], _mm512_mul_ps(half, _mm512_add_ps(outer, w[1])),
             _mm512_mul_ps(half, _mm512_sub_ps(outer, w[1])), w[2]}};
  }
  static Vectors<2> Results(const Vectors<4>& p) {
    return {{_mm512_add_ps(_mm512_add_ps(p[0], p[1]), p[2]),
             _mm512_sub_ps(_mm512_sub_ps(p[1], p[2]), p[3])}};
  }
  // Gradients of the weights from the products' sums, see PlainGradient.
  static Vectors<3> WeightGradients(const Vectors<4>& p) {
    const __m512 half = _mm512_set1_ps(0.5F);
    const __m512 both = _mm512_mul_ps(half, _mm512_add_ps(p[1], p[2]));
    return {{_mm512_add_ps(p[0], both), _mm512_mul_ps(half, _mm512_sub_ps(p[1], p[2])),
             _mm512_sub_ps(both, p[3])}};
  }
};

// The other factor of products for the gradient of PlainShape's weights: a tile's gradients by the
// transpose of Results, but for the sign of the last, of which WeightGradients knows.
struct PlainGradient {
  static constexpr int64_t kInputs = 2;
  static constexpr int64_t kStep = 2;
  static constexpr int64_t kPlaces = 4;

  static Vectors<4> Inputs(const Vectors<2>& g) {
    return {{g[0], _mm512_add_ps(g[0], g[1]), _mm512_sub_ps(g[0], g[1]), g[1]}};
  }
};

// The sum of two neighbouring results, by 3 products: w0 (x0 - x2) + (w0 + w1 + w2) (x1 + x2) - w2
// (x1 - x3). It is the sum of its products.
struct PooledShape {
  using Gradient = struct PooledGradient;
  static constexpr Method kMethod = Method::kPooled;
  static constexpr int64_t kInputs = 4;
  static constexpr int64_t kStep = 2;
  static constexpr int64_t kResults = 1;
  static constexpr int64_t kPlaces = 3;

  static Vectors<3> Inputs(const Vectors<4>& x) {
    return {{_mm512_sub_ps(x[0], x[2]), _mm512_add_ps(x[1], x[2]), _mm512_sub_ps(x[1], x[3])}};
  }
  static Vectors<3> Weights(const Vectors<3>& w) {
    return {{w[0], _mm512_add_ps(_mm512_add_ps(w[0], w[2]), w[1]),
             _mm512_sub_ps(_mm512_setzero_ps(), w[2])}};
  }
  static Vectors<3> WeightGradients(const Vectors<3>& p) {
    return {{_mm512_add_ps(p[0], p[1]), p[1], _mm512_sub_ps(p[1], p[2])}};
  }
};

// PooledShape has one result, so one gradient for all products.
struct PooledGradient {
  static constexpr int64_t kInputs = 1;
  static constexpr int64_t kStep = 1;
  static constexpr int64_t kPlaces = 1;

  static Vectors<1> Inputs(const Vectors<1>& g) { return g; }
};

// Two neighbouring results of an input of which each place is there twice, by 3 products: w0 (x0 -
// x1) + (w0 + w1 + w2) x1 and (w0 + w1 + w2) x1 + w2 (x2 - x1).
struct DoubledShape {
  static constexpr Method kMethod = Method::kDoubled;
  static constexpr int64_t kInputs = 3;
  static constexpr int64_t kStep = 1;
  static constexpr int64_t kResults = 2;
  static constexpr int64_t kPlaces = 3;

  static Vectors<3> Inputs(const Vectors<3>& x) {
    return {{_mm512_sub_ps(x[0], x[1]), x[1], _mm512_sub_ps(x[2], x[1])}};
  }
  static Vectors<3> Weights(const Vectors<3>& w) {
    return {{w[0], _mm512_add_ps(_mm512_add_ps(w[0], w[2]), w[1]), w[2]}};
  }
  static Vectors<2> Results(const Vectors<3>& p) {
    return {{_mm512_add_ps(p[0], p[1]), _mm512_add_ps(p[1], p[2])}};
  }
};

}  // namespace makeover::engine::kernels
