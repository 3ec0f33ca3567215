// Fetching memory before it is read.
#pragma once

#include <cstdint>

#include "worker/engine/kernels/blocking.h"

namespace makeover::engine::kernels::MAKEOVER_VARIANT {

// Memory that is read next. Fetched a little at a time: all at once, products would wait.
struct Ahead {
  const char* data;
  int64_t bytes;

  void Fetch(int64_t part, int64_t parts) const {
    constexpr int64_t kLine = 64;
    const int64_t lines = DivideUp(DivideUp(bytes, kLine), parts);
    const int64_t begin = part * lines * kLine;
    const int64_t end = begin + lines * kLine;
    for (int64_t at = begin; at < end && at < bytes; at += kLine)
      __builtin_prefetch(data + at, /*write=*/0, /*to the second-level cache=*/2);
  }
};

}  // namespace makeover::engine::kernels::MAKEOVER_VARIANT
