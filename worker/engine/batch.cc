#include "worker/engine/batch.h"

#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>

#include <cstring>

#include "worker/engine/cuda/normalise.h"
#include "worker/engine/send.h"

namespace makeover::engine {
namespace {

constexpr int64_t kCopiesMin = 16;  // pictures that a thread copies: fewer are not worth waking it

void MirrorLine(const uint8_t* from, int64_t width, uint8_t* to) {
  for (int64_t x = 0; x < width; ++x, to += 3) {
    const uint8_t* pixel = from + (width - 1 - x) * 3;
    to[0] = pixel[0];
    to[1] = pixel[1];
    to[2] = pixel[2];
  }
}

void ToUnit(const uint8_t* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) / 255.0F;
}

// One picture; mirrored lines go through `line`, of width * 3 bytes.
void Normalise(const uint8_t* pixels, bool mirror, PixelShape shape, uint8_t* line, float* out) {
  if (!mirror) return ToUnit(pixels, shape.bytes(), out);
  const int64_t bytes = shape.width * 3;
  for (int64_t y = 0; y < shape.height; ++y) {
    MirrorLine(pixels + y * bytes, shape.width, line);
    ToUnit(line, bytes, out + y * bytes);
  }
}

// `pixels(i)` is picture i.
template <class Pixels>
torch::Tensor OnHost(const Pixels& pixels, const std::vector<uint8_t>& flips, PixelShape shape) {
  const auto count = static_cast<int64_t>(flips.size());
  const torch::Tensor batch = torch::empty({count, shape.height, shape.width, 3}, torch::kFloat32);
  std::vector<uint8_t> line(static_cast<size_t>(shape.width) * 3);
  for (int64_t i = 0; i < count; ++i) {
    Normalise(pixels(static_cast<size_t>(i)), flips[static_cast<size_t>(i)] != 0, shape,
              line.data(), batch.data_ptr<float>() + i * shape.bytes());
  }
  return batch.permute({0, 3, 1, 2});
}

// Copies out of pinned memory are queued like everything else: nobody waits for the device, and
// LibTorch holds the memory until they are done.
template <class Pixels>
torch::Tensor OnCuda(const Pixels& pixels, const std::vector<uint8_t>& flips, PixelShape shape,
                     const torch::Device& device) {
  const c10::DeviceGuard guard(device);  // The kernel runs on the current device.
  const auto count = static_cast<int64_t>(flips.size());
  const auto pinned = torch::TensorOptions(torch::kUInt8).pinned_memory(true);
  const torch::Tensor bytes_here = torch::empty({count, shape.height, shape.width, 3}, pinned);
  const torch::Tensor mirrored_here = torch::empty({count}, pinned);
  at::parallel_for(0, count, kCopiesMin, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(bytes_here.data_ptr<uint8_t>() + i * shape.bytes(),
                  pixels(static_cast<size_t>(i)), static_cast<size_t>(shape.bytes()));
    }
  });
  std::memcpy(mirrored_here.data_ptr<uint8_t>(), flips.data(), flips.size());
  const torch::Tensor bytes = bytes_here.to(device, /*non_blocking=*/true);
  const torch::Tensor mirrored = mirrored_here.to(device, /*non_blocking=*/true);
  torch::Tensor batch = torch::empty(bytes.sizes(), bytes.options().dtype(torch::kFloat32));
  if (!CudaKernelsAvailable() ||
      !NormalisePixels(bytes.data_ptr<uint8_t>(), mirrored.data_ptr<uint8_t>(), count, shape.height,
                       shape.width, batch.data_ptr<float>())) {
    batch = bytes.to(torch::kFloat32) / 255.0;
    batch = torch::where(mirrored.to(torch::kBool).view({count, 1, 1, 1}), batch.flip({2}), batch);
  }
  return batch.permute({0, 3, 1, 2});
}

template <class Pixels>
torch::Tensor On(const torch::Device& device, const Pixels& pixels,
                 const std::vector<uint8_t>& flips, PixelShape shape) {
  return device.is_cuda() ? OnCuda(pixels, flips, shape, device) : OnHost(pixels, flips, shape);
}

}  // namespace

torch::Tensor MakeBatch(const uint8_t* pixels, const std::vector<uint8_t>& flips, PixelShape shape,
                        const torch::Device& device) {
  const auto bytes = static_cast<size_t>(shape.bytes());
  return On(
      device, [&](size_t i) { return pixels + i * bytes; }, flips, shape);
}

torch::Tensor MakeBatch(const PixelCache& cache, const std::vector<Draw>& draws,
                        const torch::Device& device) {
  std::vector<uint8_t> flips;
  for (const Draw& draw : draws) flips.push_back(draw.flip ? 1 : 0);
  return On(
      device, [&](size_t i) { return cache.Row(draws[i].row); }, flips, cache.shape());
}

torch::Tensor ToBytes(const torch::Tensor& pictures) {
  const torch::Tensor levels = pictures.clamp(0, 1).mul_(255).round_();
  return levels.to(torch::kUInt8).permute({0, 2, 3, 1}).contiguous();
}

std::vector<uint8_t> ToPixels(const torch::Tensor& pictures) {
  const torch::Tensor bytes = Fetch(ToBytes(pictures));
  const uint8_t* begin = bytes.data_ptr<uint8_t>();
  return {begin, begin + bytes.numel()};
}

}  // namespace makeover::engine
