// How fast this machine trains and converts. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>

#include "worker/engine/compute.h"
#include "worker/engine/config.h"

namespace makeover::engine {

struct BenchResult {
  double train_images_per_second = 0;  // source pictures
  double infer_images_per_second = 0;
};

// Medians over rounds of several steps on made-up pictures, about `duration_seconds` in all.
// `seconds` is a monotonic clock.
BenchResult Bench(const Config& config, const Compute& compute, double duration_seconds,
                  const std::function<double()>& seconds);

}  // namespace makeover::engine
