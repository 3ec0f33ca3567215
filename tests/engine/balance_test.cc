#include "worker/engine/balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace makeover::engine {
namespace {

// Rows [0, 1000) are sources, [1000, 2000) targets; attribute k of a side is had by the first
// share[k] of every thousand rows in an order of its own, so that attributes are nearly
// independent.
struct Sides {
  Population population;
  std::vector<int64_t> source, target;
};

Sides Make(const std::vector<double>& source_shares, const std::vector<double>& target_shares) {
  Sides sides;
  sides.population.attributes.assign(source_shares.size(), "");
  for (int64_t row = 0; row < 2000; ++row) {
    const auto& shares = row < 1000 ? source_shares : target_shares;
    uint64_t bits = 0;
    int64_t step = 1;
    for (size_t k = 0; k < shares.size(); ++k, step = step * 7 + 30) {
      if (static_cast<double>(row * step % 1000) < 1000 * shares[k]) bits |= uint64_t{1} << k;
    }
    sides.population.bits.push_back(bits);
    (row < 1000 ? sides.source : sides.target).push_back(row);
  }
  return sides;
}

std::vector<double> Weigh(const Sides& sides, double most) {
  std::vector<int> attributes(sides.population.attributes.size());
  std::iota(attributes.begin(), attributes.end(), 0);
  return BalanceTargets(sides.population, sides.source, sides.target, attributes, most).weights;
}

double WeightedShare(const Sides& sides, int attribute, const std::vector<double>& weights) {
  double with = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if ((sides.population.bits[1000 + i] >> attribute & 1) != 0) with += weights[i];
  }
  return with / std::accumulate(weights.begin(), weights.end(), 0.0);
}

TEST(BalanceTest, SharesBecomeTheSources) {
  const Sides sides = Make({0.4, 0.65, 0.1}, {0.55, 0.9, 0.2});
  const std::vector<double> weights = Weigh(sides, 10);
  EXPECT_NEAR(WeightedShare(sides, 0, weights), 0.4, 0.002);
  EXPECT_NEAR(WeightedShare(sides, 1, weights), 0.65, 0.002);
  EXPECT_NEAR(WeightedShare(sides, 2, weights), 0.1, 0.002);
  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1000, 1);
}

TEST(BalanceTest, SaysWhatItDid) {
  const Sides sides = Make({0.1, 0.3, 0}, {0.8, 0.5, 1});
  const Balance balance =
      BalanceTargets(sides.population, sides.source, sides.target, {0, 1, 2}, 10);
  ASSERT_EQ(balance.shares.size(), 1U);
  EXPECT_EQ(balance.shares[0].attribute, 1);
  EXPECT_DOUBLE_EQ(balance.shares[0].source, 0.3);
  EXPECT_DOUBLE_EQ(balance.shares[0].target, 0.5);
  EXPECT_DOUBLE_EQ(balance.shares[0].weighted, WeightedShare(sides, 1, balance.weights));
}

TEST(BalanceTest, NoTargetCountsMoreThanAllowed) {
  const Sides sides = Make({0.4}, {0.01});
  const std::vector<double> weights = Weigh(sides, 4);
  EXPECT_NEAR(WeightedShare(sides, 0, weights), 0.04, 0.005);
  const auto [least, most] = std::minmax_element(weights.begin(), weights.end());
  EXPECT_NEAR(*most, 4, 1e-6);
  EXPECT_NEAR(*least, 0.97, 0.01);
}

TEST(BalanceTest, WhatTheTargetMeansIsLeftAlone) {
  const Sides sides = Make({0.1, 0.3}, {0.8, 0.5});
  const std::vector<double> weights = Weigh(sides, 10);
  EXPECT_NEAR(WeightedShare(sides, 0, weights), 0.8, 0.02);
  EXPECT_NEAR(WeightedShare(sides, 1, weights), 0.3, 0.002);
}

TEST(BalanceTest, WhatNobodyOrEverybodyHasChangesNothing) {
  for (const std::vector<double>& target : {std::vector<double>{0, 1}, {0, 0}, {1, 1}}) {
    for (const double weight : Weigh(Make({0.2, 0.7}, target), 10)) EXPECT_EQ(weight, 1);
  }
  for (const double weight : Weigh(Make({0, 1}, {0.3, 0.6}), 10)) {
    EXPECT_GT(weight, 0);
    EXPECT_LT(weight, 10);
  }
}

}  // namespace
}  // namespace makeover::engine
