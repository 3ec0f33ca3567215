#pragma once

#include <c10/core/Device.h>

namespace c10::cuda {

struct CUDAGuard {
  explicit CUDAGuard(c10::Device /*device*/) {}
  ~CUDAGuard() {}  // NOLINT: so that an unused one is no warning
};

}  // namespace c10::cuda
