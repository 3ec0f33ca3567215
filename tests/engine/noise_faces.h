// A pixel cache of noise, for tests to which all faces are alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/engine/pixel_cache.h"
#include "worker/engine/random.h"

namespace makeover::engine {

inline std::vector<uint8_t> NoiseFace(PixelShape shape, int64_t row) {
  Random noise(7, Stream::kNoise, static_cast<uint64_t>(row));
  std::vector<uint8_t> pixels;
  for (int64_t i = 0; i < shape.bytes(); ++i)
    pixels.push_back(static_cast<uint8_t>(noise.Below(256)));
  return pixels;
}

inline void WriteNoiseFaces(const std::string& path, PixelShape shape, int64_t rows) {
  PixelCacheWriter writer(path, shape, rows);
  for (int64_t row = 0; row < rows; ++row) writer.Put(row, NoiseFace(shape, row));
  writer.Commit();
}

}  // namespace makeover::engine
