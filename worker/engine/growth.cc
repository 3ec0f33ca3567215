#include "worker/engine/growth.h"

#include <cmath>

namespace makeover::engine {

Growth::Growth(double most, const torch::Device& device)
    : most_(most), log_(torch::zeros({}).to(device)) {}

torch::Tensor Growth::Factor() const { return log_.clamp_max(std::log(most_)).exp(); }

void Growth::Learn(const torch::Tensor& miss, const torch::Tensor& pace) {
  const torch::NoGradGuard guard;
  log_.add_(pace * miss.detach().clamp(-1, 1)).clamp_(0, std::log(most_));
}

}  // namespace makeover::engine
