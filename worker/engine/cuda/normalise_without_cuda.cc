#include "worker/engine/cuda/normalise.h"

namespace makeover::engine {

bool CudaKernelsAvailable() { return false; }

bool CudaKernelsRunOn(int /*index*/) { return false; }

CudaDevice DescribeCudaDevice(int /*index*/) { return {"CUDA device", 0, false}; }

bool NormalisePixels(const uint8_t* /*pixels*/, const uint8_t* /*flips*/, int64_t /*count*/,
                     int64_t /*height*/, int64_t /*width*/, float* /*out*/) {
  return false;
}

bool NormalisePixelsFromHost(const uint8_t* /*pixels*/, const uint8_t* /*flips*/, int64_t /*count*/,
                             int64_t /*height*/, int64_t /*width*/, float* /*out*/) {
  return false;
}

}  // namespace makeover::engine
