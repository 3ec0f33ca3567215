// Tensors on their way to a device and back.
#pragma once

#include <torch/torch.h>

namespace makeover::engine {

// A tensor of the host on the device. To a GPU it goes by pinned memory in a copy that is queued,
// so that nobody waits; on the host it is the tensor itself.
inline torch::Tensor Send(const torch::Tensor& here, const torch::Device& device) {
  if (!device.is_cuda()) return here;
  return here.pin_memory().to(device, /*non_blocking=*/true);
}

// The other way: contiguous, on the host.
inline torch::Tensor Fetch(const torch::Tensor& there) {
  if (!there.is_cuda()) return there.contiguous();
  const torch::TensorOptions pinned = there.options().device(torch::kCPU).pinned_memory(true);
  return torch::empty(there.sizes(), pinned).copy_(there);
}

}  // namespace makeover::engine
