// Faces before and after as one picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/engine/pixel_cache.h"

namespace makeover {

// Both pictures have height x width x 3 bytes.
struct SheetPair {
  const uint8_t* source;
  const uint8_t* result;
  std::string source_caption;
  std::string result_caption;
};

// A PNG file: four columns of pairs, source left, result right, row by row. A build without OpenCV
// leaves the captions out. REQUIRES: at least one pair.
std::string EncodePairs(const std::vector<SheetPair>& pairs, engine::PixelShape shape);

}  // namespace makeover
