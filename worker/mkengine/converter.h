// Pictures through the network: decoded and encoded by threads of their own beside it, so that the
// network is what limits the rate.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "worker/engine/face_network.h"
#include "worker/imaging/geometry.h"
#include "worker/mkengine/pool.h"

namespace makeover {

// Pictures that somebody can read by number, from several threads at once.
struct ConvertInput {
  int64_t count = 0;
  std::function<std::string(int64_t)> name;
  std::function<std::string(int64_t)> read;  // the file's bytes; may throw
};

// One converted picture, or why there is none.
struct Converted {
  int64_t index = 0;
  std::string bytes;   // the encoded picture; empty where it failed
  std::string reason;  // empty where it did not fail
  int faces = 0;
  double seconds = 0;  // spent on this picture, its share of the network's time with it
};

struct ConvertOptions {
  double strength = 1;              // 0 (as it was) to 1
  FaceGeometry geometry;            // of the network's size
  std::function<double()> seconds;  // monotonic clock; thread-safe
  std::function<bool()> stop;       // true: no new batch is begun
};

// Calls `finished` on the caller's thread, in the order of the input, for each picture; after a
// stop, for a part of them. A picture's bytes depend on itself, the network and the options alone.
// Pictures that are decoded take about 1 GiB of memory, or one picture's where that is more.
void ConvertPictures(const ConvertInput& input, const ConvertOptions& options,
                     engine::FaceNetwork* network, Pool* pool,
                     const std::function<void(Converted)>& finished);

}  // namespace makeover
