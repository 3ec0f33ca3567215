// How the convolution kernels divide channels and places among registers.
#pragma once

#include <cstdint>

#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

inline int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

inline constexpr int kTileVectorsMax = sizeof kTileRows / sizeof kTileRows[0] - 1;

// Vectors of 16 outputs that a tile computes at once, and the number of such groups.
struct OutputGroups {
  int vectors = 1;
  int64_t groups = 1;
};

inline OutputGroups GroupsOf(int64_t outputs) {
  const int64_t vectors = DivideUp(outputs, 16);
  const int64_t groups = DivideUp(vectors, kTileVectorsMax);
  return {static_cast<int>(DivideUp(vectors, groups)), groups};
}

// Channels of packed weights and of sums.
inline int64_t PaddedOutputs(int64_t outputs) {
  const OutputGroups groups = GroupsOf(outputs);
  return 16 * groups.groups * groups.vectors;
}

constexpr int RowsMax(int vectors) { return kTileRows[vectors]; }

// Even parts of at most `max`.
inline int64_t EvenPart(int64_t whole, int64_t max) {
  return DivideUp(whole, DivideUp(whole, max));
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
