// How work gets onto a CUDA device: the one place that launches kernels of pictures.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "worker/engine/cuda/shape.h"

namespace makeover::engine::cuda {

inline constexpr int kThreads = 256;  // of a block

inline void CheckLaunch() {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("A CUDA kernel cannot start: ") +
                             cudaGetErrorString(error) + ".");
}

template <typename Body>
__global__ void CallEach(uint32_t count, Body body) {
  const uint32_t i = blockIdx.x * kThreads + threadIdx.x;
  if (i < count) body(i);
}

// body(i) for every i below `count`, in any order.
template <typename Body>
void ForEach(int64_t count, const Body& body, Stream stream) {
  if (count > std::numeric_limits<int32_t>::max())
    throw std::runtime_error("A batch is too large for one CUDA kernel: use a smaller batch size.");
  if (count == 0) return;
  const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
  CallEach<<<blocks, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(static_cast<uint32_t>(count),
                                                                       body);
  CheckLaunch();
}

// A kernel whose threads of a block work together.
template <typename... Arguments>
void ForBlocks(dim3 blocks, int threads, Stream stream, void (*kernel)(Arguments...),
               Arguments... arguments) {
  kernel<<<blocks, threads, 0, static_cast<cudaStream_t>(stream)>>>(arguments...);
  CheckLaunch();
}

}  // namespace makeover::engine::cuda
