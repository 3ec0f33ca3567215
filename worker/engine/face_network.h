// A trained generator for conversion. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/sure_batches.h"

namespace makeover::engine {

// The averaged generator of a checkpoint in inference mode. A face gives the same bytes alone and
// beside any others. Not thread-safe.
class FaceNetwork {
 public:
  // Throws EngineError where the checkpoint cannot be used. Of several batch sizes, ascending, the
  // fastest is found out by a monotonic clock in seconds.
  FaceNetwork(const std::string& checkpoint, const Compute& compute, std::vector<int> batch_sizes,
              std::function<double()> seconds);
  FaceNetwork(const std::string& checkpoint, const Compute& compute, int batch_size);
  ~FaceNetwork();
  FaceNetwork(const FaceNetwork&) = delete;
  FaceNetwork& operator=(const FaceNetwork&) = delete;

  // Sizes that may be worth trying on the device.
  static std::vector<int> BatchSizesFor(const Compute& compute);

  // Faces that the next call should have; may differ from call to call.
  int batch_size() const { return batches_.size(); }
  int64_t step() const;
  // That of the training.
  const Config& config() const;

  // Faces of shape.bytes() bytes each, at most batch_size() of them; results in the same order, as
  // levels from 0 to 255 that may lie a little outside, before rounding.
  std::vector<std::vector<float>> Convert(const std::vector<const uint8_t*>& faces,
                                          PixelShape shape);

 private:
  struct Network;

  SureBatches batches_;
  std::unique_ptr<Network> network_;
};

}  // namespace makeover::engine
