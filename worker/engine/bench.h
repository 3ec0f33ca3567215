// How fast this machine trains and converts. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>

#include "worker/engine/compute.h"
#include "worker/engine/config.h"

namespace makeover::engine {

struct BenchResult {
  double train_images_per_second = 0;  // source pictures, in the mean of a run's phases
  double infer_images_per_second = 0;  // at the best of a few batch sizes
  int64_t infer_batch_size = 0;
  double input_images_per_second = 0;  // from the mapped cache to a batch, on one thread
  int64_t peak_memory_bytes = 0;       // of the process, when training was measured
  bool by_graph = false;               // whether all steps of the last round were replayed
};

// Medians over rounds on made-up pictures, about `duration_seconds` in all. `seconds` is a
// monotonic clock.
BenchResult Bench(const Config& config, const Compute& compute, double duration_seconds,
                  const std::function<double()>& seconds);

}  // namespace makeover::engine
