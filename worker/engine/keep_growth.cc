#include "worker/engine/keep_growth.h"

#include <cmath>

namespace makeover::engine {

KeepGrowth::KeepGrowth(double goal, const torch::Device& device)
    : goal_(goal), log_(torch::zeros({}).to(device)) {}

void KeepGrowth::Learn(const torch::Tensor& kept, const torch::Tensor& pace) {
  const torch::NoGradGuard guard;
  log_.add_(pace * (kept.detach() / goal_ - 1).clamp_max(1)).clamp_(0, std::log(kMost));
}

}  // namespace makeover::engine
