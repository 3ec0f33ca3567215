// The product of a tile: sums of rows x 16 * vectors numbers in registers, over a run of steps of
// 32 bits each (one float32, or a pair of bfloat16).
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Left operand: row m of step k is the 32 bits at left + m * row_bytes + k * step_bytes. Right
// operand: 16 * vectors times 32 bits a step, dense.
struct Run {
  const char* left;
  ptrdiff_t row_bytes;
  ptrdiff_t step_bytes;
  const char* right;
  int64_t steps;
};

constexpr int kTileSumsMax = 14 * 64;

template <class T, int kRows, int kVectors>
class Tile {
 public:
  Tile() {
    for (auto& row : sums_)
      for (Vector& sum : row) sum = Zero();
  }

  __attribute__((always_inline)) void Add(const Run& run) {
    const char* left = run.left;
    const char* right = run.right;
    for (int64_t k = 0; k < run.steps; ++k) {
      Bits column[kVectors];
      for (int64_t n = 0; n < kVectors; ++n) column[n] = LoadBits(right + 64 * n);
      for (int64_t m = 0; m < kRows; ++m) {
        const Bits value = RepeatBits(*reinterpret_cast<const int32_t*>(left + m * run.row_bytes));
        for (int64_t n = 0; n < kVectors; ++n)
          sums_[m][n] = T::MultiplyAdd(sums_[m][n], value, column[n]);
      }
      left += run.step_bytes;
      right += int64_t{64} * kVectors;
    }
  }

  // out: [kRows, 16 * kVectors]
  void Store(float* out) const {
    for (int64_t m = 0; m < kRows; ++m)
      for (int64_t n = 0; n < kVectors; ++n) Store16(out + (m * kVectors + n) * 16, sums_[m][n]);
  }

  void AddTo(float* out, int64_t stride) const {
    for (int64_t m = 0; m < kRows; ++m)
      for (int64_t n = 0; n < kVectors; ++n) {
        float* at = out + m * stride + n * 16;
        Store16(at, Plus(Load16(at), sums_[m][n]));
      }
  }

 private:
  Vector sums_[kRows][kVectors];
};

template <int kVectors, int kRows, class Work>
void ForRows(int rows, const Work& work) {
  if (rows == kRows) return work.template Run<kRows, kVectors>();
  if constexpr (kRows > 1) ForRows<kVectors, kRows - 1>(rows, work);
}

// work.Run<rows, vectors>(), with what RowsMax allows.
template <int kVectors = kTileVectorsMax, class Work>
void ForTile(int vectors, int rows, const Work& work) {
  if (vectors == kVectors) return ForRows<kVectors, RowsMax(kVectors)>(rows, work);
  if constexpr (kVectors > 1) ForTile<kVectors - 1>(vectors, rows, work);
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
