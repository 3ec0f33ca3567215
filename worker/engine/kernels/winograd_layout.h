// How the methods with fewer products lie in scratch.
#pragma once

#include <cstdint>

#include "worker/engine/kernels/blocking.h"
#include "worker/engine/kernels/kernels.h"
#include "worker/engine/kernels/shapes.h"
#include "worker/engine/kernels/vectors.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// What a strip of tiles needs stays in the second-level cache beside the weights.
inline constexpr int64_t kStripBytes = 256 << 10;

inline int64_t Aligned(int64_t bytes) { return DivideUp(bytes, 64) * 64; }

// Sums over all products are the result itself, or a sum for each product is what results are made
// of.
template <class Shape>
constexpr bool kSumsAreResults = Shape::kResults == 1;

template <class Shape>
constexpr int64_t kProducts = Shape::kPlaces* Shape::kPlaces;

// Two neighbouring products' inputs of 16 channels lie in one line of the cache: two are rounded at
// once.
template <class T, class Shape>
constexpr bool kPaired = T::kPair == 2 && !kSumsAreResults<Shape> && Shape::kPlaces % 2 == 0;

// Numbers from the sums of a tile's 16 outputs to the next ones.
template <class Shape>
constexpr int64_t kSumStride = kSumsAreResults<Shape> ? 16 : 16 * kProducts<Shape>;

// The product that is in all results of a tile, once: what it begins with is what they begin with.
template <class Shape>
constexpr int64_t kWholeProduct = Shape::kPlaces + 1;

// Sizes of a strip of `lines` lines of tiles, and where its parts lie in scratch.
template <class T, class Shape>
struct TileLayout {
  using Value = typename T::Value;

  TileLayout(const Gather& gather, int64_t lines_of_strip)
      : lines(lines_of_strip),
        tiles_x(DivideUp(gather.places_x, ResultsOfPlace())),
        tiles_y(DivideUp(gather.places_y, ResultsOfPlace())),
        channels(DivideUp(gather.window.channels, T::kPair) * T::kPair),
        stored_channels(kPaired<T, Shape> ? DivideUp(channels, 16) * 16 : channels),
        groups(GroupsOf(gather.outputs)) {
    const int64_t tiles = lines * tiles_x;
    const Window& window = gather.window;
    zero_bytes = Aligned(window.width * window.channels * int64_t{sizeof(Value)});
    input_bytes = Aligned(kProducts<Shape> * tiles * stored_channels * int64_t{sizeof(Value)});
    sum_bytes = kSumsAreResults<Shape> ? 0 : tiles * groups.vectors * kSumStride<Shape> * 4;
  }
  // Places along one side of a tile.
  static constexpr int64_t ResultsOfPlace() { return Shape::kMethod == Method::kWinograd ? 2 : 1; }
  int64_t Bytes() const { return zero_bytes + input_bytes + sum_bytes; }

  // Transformed inputs are [product, tile, channel], or [tile, product, channel] where products are
  // summed. In pairs: [pair of products, tile, 16 channels, product, channel].
  static constexpr int64_t kWidth = kPaired<T, Shape> ? 2 : 1;
  int64_t TileStride() const {
    return (kSumsAreResults<Shape> ? kProducts<Shape> : kWidth) * stored_channels;
  }
  // `tiles`: of the strip. Of every kWidth-th product.
  int64_t ProductStride(int64_t tiles) const {
    return kSumsAreResults<Shape> ? stored_channels : tiles * TileStride();
  }
  int64_t ProductAt(int64_t product, int64_t tiles) const {
    return product / kWidth * ProductStride(tiles) + product % kWidth * 16;
  }

  int64_t lines;
  int64_t tiles_x, tiles_y;
  int64_t channels, stored_channels;
  OutputGroups groups;
  int64_t zero_bytes, input_bytes, sum_bytes;
};

template <class T, class Shape>
TileLayout<T, Shape> TileLayoutOf(const Gather& gather) {
  TileLayout<T, Shape> layout(gather,
                              DivideUp(gather.places_y, TileLayout<T, Shape>::ResultsOfPlace()));
  while (layout.lines > 1 && layout.Bytes() > kStripBytes)
    layout = TileLayout<T, Shape>(gather, DivideUp(layout.lines, 2));
  return layout;
}

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
