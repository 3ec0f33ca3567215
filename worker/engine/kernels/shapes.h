// Bilinear algorithms for 3x3 taps: how inputs and weights are combined before they are multiplied,
// and products after it, in one dimension; two of these, one across the other, make the
// convolution. Each saves products as Winograd's F(2, 3) does (Lavin and Gray, 2016): numbers of
// inputs and products of a tile are kInputs and kPlaces squared.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

template <size_t kCount>
struct Vectors {
  Vector values[kCount];
  Vector& operator[](size_t i) { return values[i]; }
  const Vector& operator[](size_t i) const { return values[i]; }
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
    return {{Minus(x[0], x[2]), Plus(x[1], x[2]), Minus(x[2], x[1]), Minus(x[1], x[3])}};
  }
  static Vectors<4> Weights(const Vectors<3>& w) {
    const Vector half = All(0.5F);
    const Vector outer = Plus(w[0], w[2]);
    return {{w[0], Times(half, Plus(outer, w[1])), Times(half, Minus(outer, w[1])), w[2]}};
  }
  static Vectors<2> Results(const Vectors<4>& p) {
    return {{Plus(Plus(p[0], p[1]), p[2]), Minus(Minus(p[1], p[2]), p[3])}};
  }
  // Gradients of the weights from the products' sums, see PlainGradient.
  static Vectors<3> WeightGradients(const Vectors<4>& p) {
    const Vector half = All(0.5F);
    const Vector both = Times(half, Plus(p[1], p[2]));
    return {{Plus(p[0], both), Times(half, Minus(p[1], p[2])), Minus(both, p[3])}};
  }
};

// The other factor of products for the gradient of PlainShape's weights: a tile's gradients by the
// transpose of Results, but for the sign of the last, of which WeightGradients knows.
struct PlainGradient {
  static constexpr int64_t kInputs = 2;
  static constexpr int64_t kStep = 2;
  static constexpr int64_t kPlaces = 4;

  static Vectors<4> Inputs(const Vectors<2>& g) {
    return {{g[0], Plus(g[0], g[1]), Minus(g[0], g[1]), g[1]}};
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
    return {{Minus(x[0], x[2]), Plus(x[1], x[2]), Minus(x[1], x[3])}};
  }
  static Vectors<3> Weights(const Vectors<3>& w) {
    return {{w[0], Plus(Plus(w[0], w[2]), w[1]), Minus(Zero(), w[2])}};
  }
  static Vectors<3> WeightGradients(const Vectors<3>& p) {
    return {{Plus(p[0], p[1]), p[1], Minus(p[1], p[2])}};
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
    return {{Minus(x[0], x[1]), x[1], Minus(x[2], x[1])}};
  }
  static Vectors<3> Weights(const Vectors<3>& w) {
    return {{w[0], Plus(Plus(w[0], w[2]), w[1]), w[2]}};
  }
  static Vectors<2> Results(const Vectors<3>& p) { return {{Plus(p[0], p[1]), Plus(p[1], p[2])}}; }
};

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
