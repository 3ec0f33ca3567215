#include "worker/engine/health.h"

#include <algorithm>
#include <cmath>

namespace makeover::engine {
namespace {

constexpr double kDivergedTimes = 10;
constexpr int64_t kDivergedSteps = 10;
constexpr double kHorizonSteps = 200;
constexpr int64_t kSaturatedSteps = 500;
constexpr double kSaturatedShare = 0.02;
constexpr double kCollapsedShare = 0.1;

// At logits of 0 for cross-entropy and hinge; for least squares at its best constant, a half.
double LossOfGuessing(const std::string& adversarial) {
  if (adversarial == "hinge") return 2;
  if (adversarial == "least_squares") return 0.5;
  return 2 * std::log(2.0);
}

}  // namespace

std::string DescribeIll(Ill ill) {
  switch (ill) {
    case Ill::kNotANumber:
      return "a loss or a weight is no number any more";
    case Ill::kDiverged:
      return "the discriminator's loss stays above ten times what guessing gives";
    case Ill::kSaturated:
      return "the discriminator knows every picture, so the generator learns nothing";
    case Ill::kCollapsed:
      return "different faces give nearly the same result";
    case Ill::kNo:
      break;
  }
  return "all is well";
}

HealthWatch::HealthWatch(const Config& config) : guessing_(LossOfGuessing(config.adversarial)) {}

Ill HealthWatch::SeeLosses(int64_t step, double generator, double discriminator) {
  if (!std::isfinite(generator) || !std::isfinite(discriminator)) return Ill::kNotANumber;
  if (discriminator <= kDivergedTimes * guessing_) {
    high_since_ = -1;
  } else if (high_since_ < 0) {
    high_since_ = step;
  }
  if (high_since_ >= 0 && step - high_since_ >= kDivergedSteps) return Ill::kDiverged;
  if (first_step_ < 0) {
    first_step_ = step;
    mean_ = guessing_;
  } else {
    const double weight = 1 - std::exp(static_cast<double>(latest_step_ - step) / kHorizonSteps);
    mean_ += weight * (discriminator - mean_);
  }
  latest_step_ = step;
  const bool long_enough = step - first_step_ >= kSaturatedSteps;
  return long_enough && mean_ < kSaturatedShare * guessing_ ? Ill::kSaturated : Ill::kNo;
}

Ill HealthWatch::SeeSpread(double share) const {
  return share < kCollapsedShare ? Ill::kCollapsed : Ill::kNo;
}

void HealthWatch::Forget() { first_step_ = high_since_ = -1; }

double Spread(const uint8_t* pictures, int64_t count, int64_t size) {
  double total = 0;
  for (int64_t i = 0; i < size; ++i) {
    double sum = 0;
    double squares = 0;
    for (int64_t k = 0; k < count; ++k) {
      const double value = pictures[k * size + i];
      sum += value;
      squares += value * value;
    }
    const auto n = static_cast<double>(count);
    total += std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)));
  }
  return total / static_cast<double>(size);
}

}  // namespace makeover::engine
