#include "worker/engine/balance.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace makeover::engine {
namespace {

constexpr int kRounds = 100;  // far more than the shares need to settle
constexpr double kMeant = 0.5;

bool Has(const Population& population, int64_t row, int attribute) {
  return (population.bits[static_cast<size_t>(row)] >> attribute & 1) != 0;
}

double ShareOf(const Population& population, const std::vector<int64_t>& rows, int attribute,
               const std::vector<double>& weights) {
  double with = 0;
  double all = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    all += weights[i];
    if (Has(population, rows[i], attribute)) with += weights[i];
  }
  return with / all;
}

using Share = Balance::Share;

std::vector<Share> SharesOf(const Population& population, const std::vector<int64_t>& source,
                            const std::vector<int64_t>& target,
                            const std::vector<int>& attributes) {
  const std::vector<double> even_source(source.size(), 1);
  const std::vector<double> even_target(target.size(), 1);
  std::vector<Share> shares;
  for (const int attribute : attributes) {
    Share share;
    share.attribute = attribute;
    share.source = ShareOf(population, source, attribute, even_source);
    share.target = ShareOf(population, target, attribute, even_target);
    // Where all targets or none have it, no weights change their share.
    const bool fixed = share.target <= 0 || share.target >= 1;
    if (!fixed && std::abs(share.source - share.target) <= kMeant) shares.push_back(share);
  }
  return shares;
}

// One attribute's share among the targets becomes that among so many sources.
void Reach(const Share& goal, size_t sources, const Population& population,
           const std::vector<int64_t>& target, std::vector<double>* weights) {
  // Never 0 or 1, which would put weights at 0 that other attributes still need.
  const auto count = static_cast<double>(sources);
  const double wanted = (goal.source * count + 0.5) / (count + 1);
  const double share = ShareOf(population, target, goal.attribute, *weights);
  const double with = wanted / share;
  const double without = (1 - wanted) / (1 - share);
  for (size_t i = 0; i < target.size(); ++i)
    (*weights)[i] *= Has(population, target[i], goal.attribute) ? with : without;
}

void MakeMeanOne(std::vector<double>* weights) {
  const double mean =
      std::accumulate(weights->begin(), weights->end(), 0.0) / static_cast<double>(weights->size());
  for (double& weight : *weights) weight /= mean;
}

// What the bounds take from some goes to the others until hardly anything is left to take.
void Bound(double most, std::vector<double>* weights) {
  constexpr int kTurns = 30;
  for (int turn = 0; turn < kTurns; ++turn) {
    MakeMeanOne(weights);
    for (double& weight : *weights) weight = std::clamp(weight, 1 / most, most);
  }
}

}  // namespace

Balance BalanceTargets(const Population& population, const std::vector<int64_t>& source,
                       const std::vector<int64_t>& target, const std::vector<int>& attributes,
                       double most) {
  Balance balance;
  balance.weights.assign(target.size(), 1);
  balance.shares = SharesOf(population, source, target, attributes);
  for (int round = 0; round < kRounds; ++round) {
    for (const Share& share : balance.shares)
      Reach(share, source.size(), population, target, &balance.weights);
    Bound(most, &balance.weights);
  }
  for (Share& share : balance.shares)
    share.weighted = ShareOf(population, target, share.attribute, balance.weights);
  return balance;
}

}  // namespace makeover::engine
