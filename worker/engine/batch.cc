#include "worker/engine/batch.h"

#include <c10/core/DeviceGuard.h>

#include <cstring>

#include "worker/engine/cuda/normalise.h"

namespace makeover::engine {
namespace {

torch::Tensor OnHost(const uint8_t* pixels, const std::vector<uint8_t>& flips, PixelShape shape) {
  const auto count = static_cast<int64_t>(flips.size());
  torch::Tensor batch = torch::empty({count, shape.height, shape.width, 3}, torch::kFloat32);
  float* out = batch.data_ptr<float>();
  for (int64_t line = 0; line < count * shape.height; ++line) {
    const bool flip = flips[static_cast<size_t>(line / shape.height)] != 0;
    for (int64_t x = 0; x < shape.width; ++x) {
      const uint8_t* from = pixels + (line * shape.width + (flip ? shape.width - 1 - x : x)) * 3;
      for (int channel = 0; channel < 3; ++channel)
        *out++ = static_cast<float>(from[channel]) / 255.0F;
    }
  }
  return batch;
}

torch::Tensor OnCuda(const uint8_t* pixels, const std::vector<uint8_t>& flips, PixelShape shape,
                     const torch::Device& device) {
  const c10::DeviceGuard guard(device);  // The kernel runs on the current device.
  const auto count = static_cast<int64_t>(flips.size());
  const auto view = [&](const uint8_t* data, torch::IntArrayRef sizes) {
    return torch::from_blob(const_cast<uint8_t*>(data), sizes, torch::kUInt8).to(device);
  };
  const torch::Tensor bytes = view(pixels, {count, shape.height, shape.width, 3});
  const torch::Tensor mirrored = view(flips.data(), {count});
  torch::Tensor batch = torch::empty(bytes.sizes(), bytes.options().dtype(torch::kFloat32));
  if (CudaKernelsAvailable() &&
      NormalisePixels(bytes.data_ptr<uint8_t>(), mirrored.data_ptr<uint8_t>(), count, shape.height,
                      shape.width, batch.data_ptr<float>())) {
    return batch;
  }
  batch = bytes.to(torch::kFloat32) / 255.0;
  return torch::where(mirrored.to(torch::kBool).view({count, 1, 1, 1}), batch.flip({2}), batch);
}

}  // namespace

torch::Tensor MakeBatch(const uint8_t* pixels, const std::vector<uint8_t>& flips, PixelShape shape,
                        const torch::Device& device) {
  const torch::Tensor batch =
      device.is_cuda() ? OnCuda(pixels, flips, shape, device) : OnHost(pixels, flips, shape);
  return batch.permute({0, 3, 1, 2});
}

torch::Tensor MakeBatch(const PixelCache& cache, const std::vector<Draw>& draws,
                        const torch::Device& device) {
  const auto bytes = static_cast<size_t>(cache.shape().bytes());
  std::vector<uint8_t> pixels(draws.size() * bytes);
  std::vector<uint8_t> flips(draws.size());
  for (size_t i = 0; i < draws.size(); ++i) {
    std::memcpy(pixels.data() + i * bytes, cache.Row(draws[i].row), bytes);
    flips[i] = draws[i].flip ? 1 : 0;
  }
  return MakeBatch(pixels.data(), flips, cache.shape(), device);
}

std::vector<uint8_t> ToPixels(const torch::Tensor& pictures) {
  const torch::Tensor bytes = (pictures.clamp(0, 1) * 255)
                                  .round()
                                  .to(torch::kUInt8)
                                  .permute({0, 2, 3, 1})
                                  .to(torch::kCPU)
                                  .contiguous();
  const uint8_t* begin = bytes.data_ptr<uint8_t>();
  return {begin, begin + bytes.numel()};
}

}  // namespace makeover::engine
