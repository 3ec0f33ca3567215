// CUDA's language as far as the kernels of pictures need it, for the processor: a block's threads
// are threads, and one block runs at a time.
#pragma once

#include <barrier>
#include <cmath>
#include <cstdint>

#define __host__
#define __device__
#define __global__
#define __shared__ static

struct dim3 {
  unsigned x = 1;
  unsigned y = 1;
  dim3(unsigned x_, unsigned y_ = 1) : x(x_), y(y_) {}  // NOLINT: implicit, as CUDA's
};

inline thread_local dim3 threadIdx(0, 0);
inline thread_local dim3 blockIdx(0, 0);
inline thread_local dim3 gridDim(1);

namespace emulated {

inline std::barrier<>* block = nullptr;  // of the threads of the block that runs
inline double lanes[1024];

}  // namespace emulated

inline void __syncthreads() { emulated::block->arrive_and_wait(); }

// Of a block that is one warp.
inline double __shfl_xor_sync(uint32_t /*mask*/, double value, int off) {
  emulated::lanes[threadIdx.x] = value;
  __syncthreads();
  const double other = emulated::lanes[threadIdx.x ^ static_cast<unsigned>(off)];
  __syncthreads();
  return other;
}
