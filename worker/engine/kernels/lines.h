// The lines of a window's tensor that a line of tiles reads: activated, with zeros around them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/shapes.h"
#include "worker/engine/kernels/unrolled.h"
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
      : window_(window), picture_(picture), zeros_(zeros) {}

  // Goes to the line of tiles with this number.
  void Seek(int64_t number) {
    for (size_t i = 0; i < kInputs; ++i) {
      const int64_t y = number * Shape::kStep + window_.first_dy + static_cast<int64_t>(i);
      const bool inside = y >= 0 && y < window_.height;
      lines_[i] = inside ? picture_ + y * window_.width * window_.channels : zeros_;
    }
  }

  // store(tile, line of places, their values for each of kTiles tiles from that one on, whether all
  // 16 channels are there) for 16 channels; the last call may go beyond `tiles`.
  template <size_t kTiles, class Store>
  void Transform(int64_t tiles, int64_t channel, const Store& store) const {
    const Mask lanes = Lanes(channel, window_.channels);
    const auto with = [&](auto activate) {
      if (lanes == kAllLanes) {
        TransformLine<kTiles>(tiles, channel, activate, AllLanes(), store);
      } else {
        TransformLine<kTiles>(tiles, channel, activate, lanes, store);
      }
    };
    // What is not a number stays so.
    if (window_.slope == 1) return with([](Vector x) { return x; });
    if (window_.slope == 0) return with([](Vector x) { return Max(Zero(), x); });
    const Vector slope = All(window_.slope);
    with([slope](Vector x) { return Max(Times(x, slope), x); });
  }

 private:
  using AllLanes = std::integral_constant<Mask, kAllLanes>;

  template <size_t kTiles, class Activate, class SomeLanes, class Store>
  void TransformLine(int64_t tiles, int64_t channel, const Activate& activate, SomeLanes lanes,
                     const Store& store) const {
    // Columns of inputs, each transformed once: neighbouring tiles share some.
    constexpr size_t kNew = Shape::kStep * kTiles;
    constexpr size_t kKept = kInputs - Shape::kStep;
    constexpr std::bool_constant<std::is_same_v<SomeLanes, AllLanes>> kAll;
    const Reader<Activate> reader(*this, channel, lanes, activate);
    Vectors<kPlaces> columns[kKept + kNew];
    int64_t x = window_.first_dx;
    Unrolled<kKept>([&](auto i) { columns[i] = reader.Column(x + static_cast<int64_t>(i)); });
    for (int64_t tile = 0; tile < tiles; tile += kTiles, x += kNew) {
      Unrolled<kNew>(
          [&](auto i) { columns[kKept + i] = reader.Column(x + static_cast<int64_t>(kKept + i)); });
      Unrolled<kPlaces>([&](auto line) {
        Vectors<kPlaces> values[kTiles];
        Unrolled<kTiles>([&](auto k) {
          Vectors<kInputs> across;
          Unrolled<kInputs>([&](auto i) { across[i] = columns[k * Shape::kStep + i][line]; });
          values[k] = Shape::Inputs(across);
        });
        store(tile, line, values, kAll);
      });
      Unrolled<kKept>([&](auto i) { columns[i] = columns[i + kNew]; });
    }
  }

  // Reads columns of 16 channels.
  template <class Activate>
  class Reader {
   public:
    [[gnu::always_inline]] Reader(const TileLines& lines, int64_t channel, Mask lanes,
                                  const Activate& activate)
        : lanes_(lanes),
          activate_(activate),
          width_(lines.window_.width),
          channels_(lines.window_.channels) {
      Unrolled<kInputs>([&](auto i) { lines_[i] = lines.lines_[i] + channel; });
    }

    [[gnu::always_inline]] Vectors<kPlaces> Column(int64_t x) const {
      Vectors<kPlaces> none;
      Unrolled<kPlaces>([&](auto i) { none[i] = Zero(); });
      if (x < 0 || x >= width_) return none;
      Vectors<kInputs> values;
      const int64_t at = x * channels_;
      Unrolled<kInputs>([&](auto i) { values[i] = activate_(T::Load(lines_[i] + at, lanes_)); });
      return Shape::Inputs(values);
    }

   private:
    Mask lanes_;
    Activate activate_;
    int64_t width_, channels_;
    const Value* lines_[kInputs];
  };

  Window window_;
  const Value* picture_;
  const Value* zeros_;
  std::array<const Value*, kInputs> lines_ = {};
};

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
