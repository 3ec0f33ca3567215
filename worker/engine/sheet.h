// The training's sample picture.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/pixel_cache.h"

namespace makeover::engine {

struct PairSheet {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;
};

// Four columns of pairs, source left, result right, in order, row by row. Both lists hold pictures
// of height x width x 3 bytes, one behind the other; an incomplete last row ends in white.
// REQUIRES: equal sizes, not empty.
PairSheet MakePairSheet(const std::vector<uint8_t>& sources, const std::vector<uint8_t>& results,
                        PixelShape shape);

}  // namespace makeover::engine
