#include "worker/engine/cuda/device_runs.h"

namespace makeover::engine {
namespace {

[[noreturn]] void Refuse() { TORCH_CHECK(false, "there are no kernels for CUDA in this build"); }

}  // namespace

bool DeviceKernelsFor(const torch::Device& /*device*/, torch::ScalarType /*type*/) { return false; }

torch::Tensor DeviceActivated(const torch::Tensor& /*x*/, const ConvOptions& /*options*/) {
  Refuse();
}

torch::Tensor DeviceConv(const torch::Tensor& /*x*/, const torch::Tensor& /*activated*/,
                         const torch::Tensor& /*weight*/, const torch::Tensor& /*bias*/,
                         const torch::Tensor& /*scales*/, const ConvOptions& /*options*/) {
  Refuse();
}

ConvGradients DeviceConvGradients(const torch::Tensor& /*g*/, const torch::Tensor& /*activated*/,
                                  const torch::Tensor& /*weight*/, const ConvOptions& /*options*/,
                                  bool /*of_x*/, bool /*of_weight*/) {
  Refuse();
}

torch::Tensor DeviceChannelSums(const torch::Tensor& /*x*/) { Refuse(); }

torch::Tensor DeviceTwicePlusConv(const torch::Tensor& /*half*/, const torch::Tensor& /*x*/,
                                  const torch::Tensor& /*weight*/, const torch::Tensor& /*bias*/,
                                  int64_t /*padding*/) {
  Refuse();
}

DeviceNorm DeviceNormalise(const torch::Tensor& /*x*/, const torch::Tensor& /*bias*/,
                           const torch::Tensor& /*running_mean*/,
                           const torch::Tensor& /*running_var*/, const NormOptions& /*options*/) {
  Refuse();
}

std::pair<torch::Tensor, torch::Tensor> DeviceNormGradients(const torch::Tensor& /*g*/,
                                                            const torch::Tensor& /*y*/,
                                                            const torch::Tensor& /*bias*/,
                                                            const torch::Tensor& /*scale*/) {
  Refuse();
}

torch::Tensor DeviceAffine(const torch::Tensor& /*x*/, const torch::Tensor& /*scale*/,
                           const torch::Tensor& /*offset*/) {
  Refuse();
}

torch::Tensor DeviceNarrowInputs(const torch::Tensor& /*x*/, const torch::Tensor& /*weight*/,
                                 const torch::Tensor& /*bias*/, torch::ScalarType /*type*/) {
  Refuse();
}

torch::Tensor DeviceNarrowOutputs(const torch::Tensor& /*x*/, const torch::Tensor& /*linear*/,
                                  const torch::Tensor& /*rectified*/,
                                  const torch::Tensor& /*bias*/) {
  Refuse();
}

torch::Tensor DeviceMaskedChange(const torch::Tensor& /*picture*/,
                                 const torch::Tensor& /*change*/) {
  Refuse();
}

}  // namespace makeover::engine
