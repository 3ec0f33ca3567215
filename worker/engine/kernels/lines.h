// The lines of a window's tensor that a line of tiles reads: activated, with zeros around them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/shapes.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

template <class T, class Shape>
class TileLines {
 public:
  using Value = typename T::Value;
  static constexpr size_t kInputs = Shape::kInputs;
  static constexpr size_t kPlaces = Shape::kPlaces;

  // zeros: window.width * window.channels of them.
  TileLines(const Window& window, const Value* picture, const Value* zeros)
      : window_(window),
        picture_(picture),
        zeros_(zeros),
        slope_(All(window.slope)),
        activated_(window.slope != 1) {}

  // Goes to the line of tiles with this number.
  void Seek(int64_t number) {
    for (size_t i = 0; i < kInputs; ++i) {
      const int64_t y = number * Shape::kStep + window_.first_dy + static_cast<int64_t>(i);
      const bool inside = y >= 0 && y < window_.height;
      lines_[i] = inside ? picture_ + y * window_.width * window_.channels : zeros_;
    }
  }

  // store(tile, line of places, their values for each of kTiles tiles from that one on) for 16
  // channels; the last call may go beyond `tiles`.
  template <size_t kTiles, class Store>
  void Transform(int64_t tiles, int64_t channel, const Store& store) const {
    if (activated_) {
      TransformLine<kTiles, true>(tiles, channel, store);
    } else {
      TransformLine<kTiles, false>(tiles, channel, store);
    }
  }

 private:
  template <size_t kTiles, bool kActivated, class Store>
  void TransformLine(int64_t tiles, int64_t channel, const Store& store) const {
    // Columns of inputs, each transformed once: neighbouring tiles share some.
    constexpr size_t kNew = Shape::kStep * kTiles;
    constexpr size_t kKept = kInputs - Shape::kStep;
    const Mask lanes = Lanes(channel, window_.channels);
    Vectors<kPlaces> columns[kKept + kNew];
    for (size_t i = 0; i < kKept; ++i)
      columns[i] = Column<kActivated>(window_.first_dx + static_cast<int64_t>(i), channel, lanes);
    for (int64_t tile = 0; tile < tiles; tile += kTiles) {
      const int64_t x = tile * Shape::kStep + window_.first_dx;
      for (size_t i = kKept; i < kKept + kNew; ++i)
        columns[i] = Column<kActivated>(x + static_cast<int64_t>(i), channel, lanes);
      for (size_t line = 0; line < kPlaces; ++line) {
        Vectors<kPlaces> values[kTiles];
        for (size_t k = 0; k < kTiles; ++k) {
          Vectors<kInputs> across;
          for (size_t i = 0; i < kInputs; ++i) across[i] = columns[k * Shape::kStep + i][line];
          values[k] = Shape::Inputs(across);
        }
        store(tile, line, values);
      }
      for (size_t i = 0; i < kKept; ++i) columns[i] = columns[i + kNew];
    }
  }

  template <bool kActivated>
  Vectors<kPlaces> Column(int64_t x, int64_t channel, Mask lanes) const {
    Vectors<kInputs> values;
    if (x < 0 || x >= window_.width) {
      Vectors<kPlaces> none;
      for (Vector& value : none.values) value = Zero();
      return none;
    }
    const int64_t at = x * window_.channels + channel;
    for (size_t i = 0; i < kInputs; ++i) {
      values[i] = T::Load(lines_[i] + at, lanes);
      // Keeps what is not a number.
      if (kActivated) values[i] = Max(Times(values[i], slope_), values[i]);
    }
    return Shape::Inputs(values);
  }

  Window window_;
  const Value* picture_;
  const Value* zeros_;
  std::array<const Value*, kInputs> lines_ = {};
  Vector slope_;
  bool activated_;
};

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
