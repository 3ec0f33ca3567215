// The product of a tile: sums of rows x 16 * vectors numbers in registers, over a run of steps of
// 32 bits each (one float32, or a pair of bfloat16).
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/unrolled.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Left operand: row m of step k is the 32 bits at left + m * row_bytes + k * step_bytes. Right
// operand: 16 * vectors times 32 bits a step, dense.
struct Operands {
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
  // Each row's sums begin with these 16 * vectors numbers, or with 0 where it is null.
  [[gnu::always_inline]] explicit Tile(const float* first = nullptr) {
    if (first == nullptr) {
      Unrolled<kSums>([&](auto i) { sums_[i] = Zero(); });
    } else {
      Unrolled<kSums>([&](auto i) { sums_[i] = Load16(first + i % kVectors * 16); });
    }
  }

  [[gnu::always_inline]] void Add(const Operands& operands) {
    Operands at = operands;
#pragma GCC unroll 8
    for (int64_t k = 0; k < operands.steps; ++k) {
      AddStep(at);
      at.left += at.step_bytes;
      at.right += int64_t{64} * kVectors;
    }
  }

  // The left operand in parts of 8 steps, `part_bytes` from one to the next.
  [[gnu::always_inline]] void AddParts(const Operands& operands, ptrdiff_t part_bytes) {
    constexpr int64_t kSteps = 8;
    Operands part = operands;
    for (int64_t rest = operands.steps; rest > 0; rest -= kSteps) {
      part.steps = rest < kSteps ? rest : kSteps;
      Add(part);
      part.left += part_bytes;
      part.right += kSteps * 64 * kVectors;
    }
  }

  // out: [kRows, kVectors, kStride], of which the first 16.
  template <int64_t kStride = 16>
  [[gnu::always_inline]] void Store(float* out) const {
    Unrolled<kSums>([&](auto i) { Store16(out + static_cast<int64_t>(i) * kStride, sums_[i]); });
  }

  [[gnu::always_inline]] void AddTo(float* out, int64_t stride) const {
    Unrolled<kSums>([&](auto i) {
      float* at = out + static_cast<int64_t>(i / kVectors) * stride + i % kVectors * 16;
      Store16(at, Plus(Load16(at), sums_[i]));
    });
  }

 private:
  [[gnu::always_inline]] void AddStep(const Operands& at) {
    Bits column[kVectors];
    Unrolled<kVectors>([&](auto n) { column[n] = LoadBits(at.right + 64 * n); });
    Unrolled<kRows>([&](auto m) {
      const char* value = at.left + static_cast<int64_t>(m) * at.row_bytes;
      const Bits row = RepeatBits(*reinterpret_cast<const int32_t*>(value));
      Unrolled<kVectors>([&](auto n) {
        constexpr size_t kSum = m * kVectors + n;
        sums_[kSum] = T::MultiplyAdd(sums_[kSum], row, column[n]);
      });
    });
  }

  static constexpr size_t kSums = size_t{kRows} * kVectors;

  Vector sums_[kSums];
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
