// What CUDA's kernels are told of pictures. Free of CUDA's headers and LibTorch's.
//
// Pictures are [count, height, width, channels] without gaps. All pointers are of the current
// device; floats are float32. Sums are float32 at least. Vectors of channels are read at once where
// channels is a multiple of 8: then pictures, and numbers by channels, must be aligned to 16 bytes.
// Every function queues its work on the stream and throws std::runtime_error where that is refused.
#pragma once

#include <cstdint>

namespace makeover::engine::cuda {

enum class Type { kFloat32, kBfloat16 };

struct Shape {
  int64_t count = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  int64_t places() const { return count * height * width; }
  int64_t values() const { return places() * channels; }
};

// A cudaStream_t.
using Stream = void*;

}  // namespace makeover::engine::cuda
