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

double Share(const Population& population, const std::vector<int64_t>& rows, int attribute,
             const std::vector<double>& weights) {
  double with = 0;
  double all = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    all += weights[i];
    if (Has(population, rows[i], attribute)) with += weights[i];
  }
  return with / all;
}

struct Goal {
  int attribute = 0;
  double share = 0;  // among the sources
};

std::vector<Goal> GoalsOf(const Population& population, const std::vector<int64_t>& source,
                          const std::vector<int64_t>& target, const std::vector<int>& attributes) {
  const std::vector<double> even_source(source.size(), 1);
  const std::vector<double> even_target(target.size(), 1);
  std::vector<Goal> goals;
  for (const int attribute : attributes) {
    // Never 0 or 1, which would put weights at 0 that other attributes still need.
    const auto count = static_cast<double>(source.size());
    const double wanted =
        (Share(population, source, attribute, even_source) * count + 0.5) / (count + 1);
    const double found = Share(population, target, attribute, even_target);
    // Where all targets or none have it, no weights change their share.
    if (found > 0 && found < 1 && std::abs(wanted - found) <= kMeant)
      goals.push_back({attribute, wanted});
  }
  return goals;
}

void Reach(const Goal& goal, const Population& population, const std::vector<int64_t>& target,
           std::vector<double>* weights) {
  const double share = Share(population, target, goal.attribute, *weights);
  const double with = goal.share / share;
  const double without = (1 - goal.share) / (1 - share);
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

std::vector<double> BalancedWeights(const Population& population,
                                    const std::vector<int64_t>& source,
                                    const std::vector<int64_t>& target,
                                    const std::vector<int>& attributes, double most) {
  const std::vector<Goal> goals = GoalsOf(population, source, target, attributes);
  std::vector<double> weights(target.size(), 1);
  for (int round = 0; round < kRounds; ++round) {
    for (const Goal& goal : goals) Reach(goal, population, target, &weights);
    Bound(most, &weights);
  }
  return weights;
}

}  // namespace makeover::engine
