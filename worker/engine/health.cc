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

}  // namespace

double LossOfGuessing(const std::string& adversarial) {
  if (adversarial == "hinge") return 2;
  if (adversarial == "least_squares") return 0.5;
  return 2 * std::log(2.0);
}

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

Ill HealthWatch::Glance(int64_t step, double generator, double discriminator) {
  if (!std::isfinite(generator) || !std::isfinite(discriminator)) return Ill::kNotANumber;
  if (discriminator <= kDivergedTimes * guessing_) {
    high_since_ = -1;
  } else if (high_since_ < 0) {
    high_since_ = step;
  }
  return high_since_ >= 0 && step - high_since_ >= kDivergedSteps ? Ill::kDiverged : Ill::kNo;
}

Ill HealthWatch::SeeLosses(int64_t step, double generator, double discriminator) {
  const Ill ill = Glance(step, generator, discriminator);
  if (ill != Ill::kNo) return ill;
  if (seen_.first_step < 0) {
    seen_ = {guessing_, step, step};
  } else {
    const double past = std::exp(static_cast<double>(seen_.latest_step - step) / kHorizonSteps);
    seen_.mean += (1 - past) * (discriminator - seen_.mean);
    seen_.latest_step = step;
  }
  const bool long_enough = step - seen_.first_step >= kSaturatedSteps;
  return long_enough && seen_.mean < kSaturatedShare * guessing_ ? Ill::kSaturated : Ill::kNo;
}

Ill HealthWatch::SeeSpread(double share) const {
  return share < kCollapsedShare ? Ill::kCollapsed : Ill::kNo;
}

void HealthWatch::Forget() {
  seen_ = {};
  high_since_ = -1;
}

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
