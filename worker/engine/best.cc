#include "worker/engine/best.h"

#include <algorithm>
#include <cmath>

namespace makeover::engine {
namespace {

constexpr double kKeptMin = 0.90;
constexpr double kLowL1Max = 0.08;
constexpr double kRateReached = 0.95;

// What is unknown does not count against anybody.
double Kept(const Standing& standing) { return std::isnan(standing.kept) ? 1 : standing.kept; }
double Kid(const Standing& standing) { return std::isnan(standing.kid) ? 0 : standing.kid; }

bool Admissible(const Standing& standing) {
  return Kept(standing) >= kKeptMin && standing.low_l1 <= kLowL1Max;
}

}  // namespace

Standing StandingOf(int64_t step, const Figures& figures) {
  return {step, figures.target_rate, figures.kid.value, figures.kept, figures.low_l1};
}

bool IsBetter(const Standing& candidate, const Standing& best) {
  if (Admissible(candidate) != Admissible(best)) return Admissible(candidate);
  if (!Admissible(candidate)) return Kept(candidate) > Kept(best);
  const double rate = std::min(candidate.target_rate, kRateReached);
  const double best_rate = std::min(best.target_rate, kRateReached);
  if (rate != best_rate) return rate > best_rate;
  return Kid(candidate) < Kid(best);
}

}  // namespace makeover::engine
