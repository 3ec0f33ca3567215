#include <cuda_runtime.h>

#include "worker/engine/cuda/normalise.h"

namespace makeover::engine {
namespace {

constexpr int kThreadsPerBlock = 256;
constexpr int kAmpere = 8;  // compute capability: the first with bfloat16, and with kernels here

// One thread per byte, in the order of the output: neighbours write neighbours.
__global__ void Normalise(const uint8_t* pixels, const uint8_t* flips, int64_t height,
                          int64_t width, int64_t total, float* out) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= total) return;
  const int64_t channel = i % 3;
  const int64_t x = i / 3 % width;
  const int64_t line = i / (3 * width);
  const int64_t from = flips[line / height] != 0 ? width - 1 - x : x;
  out[i] = static_cast<float>(pixels[(line * width + from) * 3 + channel]) / 255.0F;
}

// Memory of the device, freed with the object; null where there is none left.
class DeviceBytes {
 public:
  explicit DeviceBytes(size_t bytes) {
    if (cudaMalloc(&data_, bytes) != cudaSuccess) data_ = nullptr;
  }
  ~DeviceBytes() { cudaFree(data_); }
  DeviceBytes(const DeviceBytes&) = delete;
  DeviceBytes& operator=(const DeviceBytes&) = delete;
  void* get() const { return data_; }

 private:
  void* data_ = nullptr;
};

bool CopyIn(const DeviceBytes& to, const void* from, size_t bytes) {
  return to.get() != nullptr &&
         cudaMemcpy(to.get(), from, bytes, cudaMemcpyHostToDevice) == cudaSuccess;
}

}  // namespace

bool CudaKernelsAvailable() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}

bool CudaKernelsRunOn(int index) {
  int major = 0;
  return cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, index) == cudaSuccess &&
         major >= kAmpere;
}

CudaDevice DescribeCudaDevice(int index) {
  cudaDeviceProp properties = {};
  if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) return {"CUDA device", 0, false};
  return {properties.name, static_cast<int64_t>(properties.totalGlobalMem),
          properties.major >= kAmpere};
}

bool NormalisePixels(const uint8_t* pixels, const uint8_t* flips, int64_t count, int64_t height,
                     int64_t width, float* out) {
  const int64_t total = count * height * width * 3;
  const auto blocks = static_cast<unsigned>((total + kThreadsPerBlock - 1) / kThreadsPerBlock);
  Normalise<<<blocks, kThreadsPerBlock>>>(pixels, flips, height, width, total, out);
  return cudaGetLastError() == cudaSuccess;
}

bool NormalisePixelsFromHost(const uint8_t* pixels, const uint8_t* flips, int64_t count,
                             int64_t height, int64_t width, float* out) {
  if (!CudaKernelsAvailable()) return false;
  const auto bytes = static_cast<size_t>(count * height * width * 3);
  const DeviceBytes device_pixels(bytes);
  const DeviceBytes device_flips(static_cast<size_t>(count));
  const DeviceBytes device_out(bytes * sizeof(float));
  if (!CopyIn(device_pixels, pixels, bytes) ||
      !CopyIn(device_flips, flips, static_cast<size_t>(count)))
    return false;
  if (device_out.get() == nullptr) return false;
  return NormalisePixels(static_cast<const uint8_t*>(device_pixels.get()),
                         static_cast<const uint8_t*>(device_flips.get()), count, height, width,
                         static_cast<float*>(device_out.get())) &&
         cudaMemcpy(out, device_out.get(), bytes * sizeof(float), cudaMemcpyDeviceToHost) ==
             cudaSuccess;
}

}  // namespace makeover::engine
