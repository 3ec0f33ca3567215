// How the convolution kernels divide channels and places among registers.
#pragma once

#include <cstdint>

namespace makeover::engine::kernels {

inline int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Vectors of 16 outputs that a tile computes at once, 1 to 4, and the number of such groups.
struct OutputGroups {
  int vectors = 1;
  int64_t groups = 1;
};

inline OutputGroups GroupsOf(int64_t outputs) {
  const int64_t vectors = DivideUp(outputs, 16);
  const int64_t groups = DivideUp(vectors, 4);
  return {static_cast<int>(DivideUp(vectors, groups)), groups};
}

// Rows of a tile: with `vectors` columns of sums, what 32 registers hold beside the operands.
constexpr int RowsMax(int vectors) {
  constexpr int kRows[] = {0, 14, 12, 8, 6};
  return kRows[vectors];
}

// Even parts of at most `max`.
inline int64_t EvenPart(int64_t whole, int64_t max) {
  return DivideUp(whole, DivideUp(whole, max));
}

}  // namespace makeover::engine::kernels
