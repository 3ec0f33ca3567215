#include "worker/engine/sheet.h"

#include <algorithm>

namespace makeover::engine {

PairSheet MakePairSheet(const std::vector<uint8_t>& sources, const std::vector<uint8_t>& results,
                        PixelShape shape) {
  constexpr int64_t kTiles = 8;  // four pairs
  const int64_t tiles = 2 * static_cast<int64_t>(sources.size()) / shape.bytes();
  const int64_t rows = (tiles + kTiles - 1) / kTiles;
  const int64_t line = shape.width * 3;
  const int64_t pitch = kTiles * line;
  PairSheet sheet = {
      static_cast<int>(kTiles * shape.width), static_cast<int>(rows * shape.height), {}};
  sheet.rgb.assign(static_cast<size_t>(rows * shape.height * pitch), 255);
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const uint8_t* from = (tile % 2 == 0 ? sources : results).data() + tile / 2 * shape.bytes();
    uint8_t* to = sheet.rgb.data() + tile / kTiles * shape.height * pitch + tile % kTiles * line;
    for (int64_t y = 0; y < shape.height; ++y) std::copy_n(from + y * line, line, to + y * pitch);
  }
  return sheet;
}

}  // namespace makeover::engine
