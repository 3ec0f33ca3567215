#include "worker/engine/light.h"

#include <cmath>

#include "worker/engine/send.h"

namespace makeover::engine {

torch::Tensor DrawLight(int64_t count, double strength, Random random,
                        const torch::Device& device) {
  constexpr double kUnit = 1.0 / (1ULL << 31);
  const torch::Tensor light = torch::empty({count, 3, 1, 1}, torch::kFloat32);
  float* factors = light.data_ptr<float>();
  for (int64_t i = 0; i < light.numel(); ++i) {
    const double share = static_cast<double>(random.Next() >> 33) * kUnit;
    factors[i] = static_cast<float>(std::exp2(-strength * share));
  }
  return Send(light, device);
}

}  // namespace makeover::engine
