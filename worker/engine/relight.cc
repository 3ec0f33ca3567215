#include "worker/engine/relight.h"

#include <cmath>

#include "worker/engine/send.h"

namespace makeover::engine {
namespace {

constexpr double kGainMost = 1.4;
constexpr double kExponentMost = 1.6;

// Between 1 / most and most, its logarithm uniform; at a lower strength nearer to 1.
float Factor(double most, double strength, Random* random) {
  constexpr double kUnit = 1.0 / (1 << 30);
  const double place = static_cast<double>(random->Next() >> 33) * kUnit - 1;
  return static_cast<float>(std::exp(strength * place * std::log(most)));
}

}  // namespace

torch::Tensor Relight(const torch::Tensor& pictures, double strength, Random random) {
  if (strength == 0) return pictures;
  const int64_t count = pictures.size(0);
  const torch::Tensor gains = torch::empty({count, 1, 1, 1}, torch::kFloat32);
  const torch::Tensor exponents = torch::empty({count, 1, 1, 1}, torch::kFloat32);
  for (int64_t i = 0; i < count; ++i) {
    exponents.data_ptr<float>()[i] = Factor(kExponentMost, strength, &random);
    gains.data_ptr<float>()[i] = Factor(kGainMost, strength, &random);
  }
  const torch::Device device = pictures.device();
  return (pictures.pow(Send(exponents, device)) * Send(gains, device)).clamp_max(1);
}

}  // namespace makeover::engine
