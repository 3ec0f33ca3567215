#include "worker/engine/balance.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace makeover::engine {
namespace {

constexpr int kRounds = 100;  // far more than the shares need to settle
constexpr double kMeant = 0.5;
constexpr double kShunned = 0.02;

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

using Shares = Balance::Shares;

// Whether an attribute, or being without it, is hardly found among the targets, where sources have
// it: blond hair that is black.
bool Shunned(double source, double target) {
  return target <= kShunned * source || 1 - target <= kShunned * (1 - source);
}

bool Meant(double source, double target) {
  return std::abs(source - target) > kMeant || Shunned(source, target);
}

std::vector<Shares> SharesOf(const Population& population, const std::vector<int64_t>& source,
                             const std::vector<int64_t>& target,
                             const std::vector<int>& attributes) {
  const std::vector<double> even_source(source.size(), 1);
  const std::vector<double> even_target(target.size(), 1);
  std::vector<Shares> all;
  for (const int attribute : attributes) {
    Shares shares;
    shares.attribute = attribute;
    shares.source.plain = ShareOf(population, source, attribute, even_source);
    shares.target.plain = ShareOf(population, target, attribute, even_target);
    if (!Meant(shares.source.plain, shares.target.plain)) all.push_back(shares);
  }
  return all;
}

// Where a family's share of an attribute shall come to: what it is among so many others.
struct Goal {
  int attribute = 0;
  double share = 0;
  size_t others = 0;
};

void Reach(const Goal& goal, const Population& population, const std::vector<int64_t>& rows,
           std::vector<double>* weights) {
  const double share = ShareOf(population, rows, goal.attribute, *weights);
  if (share <= 0 || share >= 1) return;
  // Never 0 or 1, which would put weights at 0 that other attributes still need.
  const auto count = static_cast<double>(goal.others);
  const double wanted = (goal.share * count + 0.5) / (count + 1);
  const double with = wanted / share;
  const double without = (1 - wanted) / (1 - share);
  for (size_t i = 0; i < rows.size(); ++i)
    (*weights)[i] *= Has(population, rows[i], goal.attribute) ? with : without;
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

std::vector<double> Weights(const Population& population, const std::vector<int64_t>& rows,
                            const std::vector<Goal>& goals, double most) {
  std::vector<double> weights(rows.size(), 1);
  for (int round = 0; round < kRounds; ++round) {
    for (const Goal& goal : goals) Reach(goal, population, rows, &weights);
    Bound(most, &weights);
  }
  return weights;
}

}  // namespace

Balance BalanceFamilies(const Population& population, const std::vector<int64_t>& source,
                        const std::vector<int64_t>& target, const std::vector<int>& attributes,
                        double most) {
  Balance balance;
  balance.shares = SharesOf(population, source, target, attributes);
  std::vector<Goal> goals;
  for (const Shares& shares : balance.shares)
    goals.push_back({shares.attribute, shares.source.plain, source.size()});
  balance.target_weights = Weights(population, target, goals, most);
  for (size_t i = 0; i < goals.size(); ++i) {
    Balance::Share& share = balance.shares[i].target;
    share.weighted = ShareOf(population, target, goals[i].attribute, balance.target_weights);
    goals[i] = {goals[i].attribute, share.weighted, target.size()};
  }
  balance.source_weights = Weights(population, source, goals, most);
  for (Shares& shares : balance.shares) {
    shares.source.weighted = ShareOf(population, source, shares.attribute, balance.source_weights);
  }
  return balance;
}

}  // namespace makeover::engine
