// Work on a CUDA device through CUDA's runtime alone, without LibTorch's headers. Built from
// normalise.cu where the CUDA toolkit is found, else from normalise_without_cuda.cc, where nothing
// is ever available.
#pragma once

#include <cstdint>
#include <string>

namespace makeover::engine {

struct CudaDevice {
  std::string description;
  int64_t memory_bytes = 0;
  bool bf16 = false;
};

// True where this build has kernels and this machine has a device to run them.
bool CudaKernelsAvailable();

// Whether the kernels of this build run on a device: they are compiled for compute capability 8.0
// and later. REQUIRES: 0 <= index < the number of devices.
bool CudaKernelsRunOn(int index);

// REQUIRES: 0 <= index < the number of devices. Without kernels the description is "CUDA device"
// and the rest unknown.
CudaDevice DescribeCudaDevice(int index);

// Pictures as bytes to a batch of floats: out = pixels / 255, mirrored left to right where flips is
// not 0. Pixels and out are [count, height, width, 3]. All pointers are of the current device, and
// written by its default stream, on which this is queued. Returns false, with nothing done, where
// CudaKernelsAvailable() is false or the launch fails.
bool NormalisePixels(const uint8_t* pixels, const uint8_t* flips, int64_t count, int64_t height,
                     int64_t width, float* out);

// The same with pointers of the host: copies, runs, copies back. For tests.
bool NormalisePixelsFromHost(const uint8_t* pixels, const uint8_t* flips, int64_t count,
                             int64_t height, int64_t width, float* out);

}  // namespace makeover::engine
