// Weights as the methods with fewer products take them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/load_weights.h"
#include "worker/engine/kernels/shapes.h"
#include "worker/engine/kernels/vectors.h"
#include "worker/engine/kernels/winograd_layout.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Transformed weights of 16 outputs for one input.
template <class Shape>
void TransformedWeights(const WeightView& view, int64_t input, int64_t output,
                        Vectors<kProducts<Shape>>* values) {
  constexpr size_t kPlaces = Shape::kPlaces;
  Vectors<kPlaces> columns[3];
  for (size_t x = 0; x < 3; ++x) {
    Vectors<3> taps;
    for (size_t y = 0; y < 3; ++y) {
      const float* tap = view.data + static_cast<int64_t>(y) * view.stride_y +
                         static_cast<int64_t>(x) * view.stride_x;
      taps[y] = LoadWeights(view, tap, input, output);
    }
    columns[x] = Shape::Weights(taps);
  }
  for (size_t y = 0; y < kPlaces; ++y) {
    const Vectors<kPlaces> line = Shape::Weights({{columns[0][y], columns[1][y], columns[2][y]}});
    for (size_t x = 0; x < kPlaces; ++x) (*values)[y * kPlaces + x] = line[x];
  }
}

// To [group, product, step, 16 * vectors] of 32 bits each.
template <class T, class Shape>
void PackTransformed(const WeightView& view, int64_t output_begin, int64_t output_end,
                     char* packed) {
  const OutputGroups groups = GroupsOf(view.outputs);
  const int64_t steps = DivideUp(view.inputs, T::kPair);
  const int64_t product_bytes = steps * groups.vectors * 64;
  Vectors<kProducts<Shape>> first;
  Vectors<kProducts<Shape>> second;
  for (int64_t n = output_begin / 16; n < output_end / 16; ++n) {
    const int64_t group = n / groups.vectors;
    char* to = packed + group * kProducts<Shape> * product_bytes + n % groups.vectors * 64;
    for (int64_t step = 0; step < steps; ++step, to += groups.vectors * 64) {
      TransformedWeights<Shape>(view, step * T::kPair, 16 * n, &first);
      if (T::kPair == 2) TransformedWeights<Shape>(view, step * 2 + 1, 16 * n, &second);
      for (size_t product = 0; product < kProducts<Shape>; ++product) {
        StoreBits(to + static_cast<int64_t>(product) * product_bytes,
                  T::Pair(first[product], second[product]));
      }
    }
  }
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
