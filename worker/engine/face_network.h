// A trained generator for conversion. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/pixel_cache.h"

namespace makeover::engine {

// The averaged generator of a checkpoint in inference mode. Each call computes a batch of the same
// fixed shape, the rest of it padded, so that a face gives the same bytes alone and beside any
// others. Not thread-safe.
class FaceNetwork {
 public:
  // Throws EngineError where the checkpoint cannot be used.
  FaceNetwork(const std::string& checkpoint, const Compute& compute, int batch_size);
  ~FaceNetwork();
  FaceNetwork(const FaceNetwork&) = delete;
  FaceNetwork& operator=(const FaceNetwork&) = delete;

  int batch_size() const { return batch_size_; }
  int64_t step() const;
  // That of the training.
  const Config& config() const;

  // Faces of shape.bytes() bytes each, at most batch_size of them; results in the same order, as
  // levels from 0 to 255 that may lie a little outside, before rounding.
  std::vector<std::vector<float>> Convert(const std::vector<const uint8_t*>& faces,
                                          PixelShape shape);

 private:
  struct Network;
  int batch_size_;
  std::unique_ptr<Network> network_;
};

}  // namespace makeover::engine
