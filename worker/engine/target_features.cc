#include "worker/engine/target_features.h"

namespace makeover::engine {
namespace {

// What hardly ever differs between targets shall not count for more than what does.
constexpr double kDeviationMin = 0.1;

torch::Tensor Kernel(const torch::Tensor& a, const torch::Tensor& b) {
  return (torch::matmul(a, b.t()) / static_cast<double>(a.size(1)) + 1).pow(3);
}

// Mean over all pairs of two different rows.
torch::Tensor MeanWithin(const torch::Tensor& a) {
  const torch::Tensor kernel = Kernel(a, a);
  const auto n = static_cast<double>(a.size(0));
  return (kernel.sum() - kernel.diagonal().sum()) / (n * (n - 1));
}

void Put(const torch::Tensor& value, torch::Tensor* place) {
  if (place->defined())
    place->copy_(value);
  else
    *place = value.clone();
}

}  // namespace

void TargetFeatures::Hold(const torch::Tensor& features) {
  const torch::NoGradGuard guard;
  Put(features.mean(0, true), &mean_);
  Put(features.std(0, true, true) + kDeviationMin, &deviation_);
  Put((features - mean_) / deviation_, &targets_);
  Put(MeanWithin(targets_), &within_);
}

torch::Tensor TargetFeatures::Distance(const torch::Tensor& features) const {
  const torch::Tensor results = (features - mean_) / deviation_;
  return MeanWithin(results) + within_ - 2 * Kernel(results, targets_).mean();
}

}  // namespace makeover::engine
