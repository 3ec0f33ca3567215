// As the header of the same name, on the processor.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "worker/engine/cuda/shape.h"

namespace makeover::engine::cuda {

inline constexpr int kThreads = 256;

template <typename Body>
void ForEach(int64_t count, const Body& body, Stream /*stream*/) {
  // Backwards: on a device no order is promised.
  for (int64_t i = count; i-- > 0;) body(static_cast<uint32_t>(i));
}

template <typename... Arguments>
void ForBlocks(dim3 blocks, int threads, Stream /*stream*/, void (*kernel)(Arguments...),
               Arguments... arguments) {
  std::barrier<> together(threads);
  emulated::block = &together;
  const auto run = [&](int thread) {
    threadIdx = dim3(static_cast<unsigned>(thread), 0);
    gridDim = blocks;
    for (unsigned i = 0; i < blocks.x * blocks.y; ++i) {
      blockIdx = dim3(i % blocks.x, i / blocks.x);
      kernel(arguments...);
      together.arrive_and_wait();
    }
  };
  std::vector<std::thread> all;
  for (int thread = 0; thread < threads; ++thread) all.emplace_back(run, thread);
  for (std::thread& thread : all) thread.join();
}

}  // namespace makeover::engine::cuda
