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

Balance Weigh(const Sides& sides, double most) {
  std::vector<int> attributes(sides.population.attributes.size());
  std::iota(attributes.begin(), attributes.end(), 0);
  return BalanceFamilies(sides.population, sides.source, sides.target, attributes, most);
}

double WeightedShare(const Population& population, const std::vector<int64_t>& rows, int attribute,
                     const std::vector<double>& weights) {
  double with = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if ((population.bits[static_cast<size_t>(rows[i])] >> attribute & 1) != 0) with += weights[i];
  }
  return with / std::accumulate(weights.begin(), weights.end(), 0.0);
}

double SourceShare(const Sides& sides, int attribute, const Balance& balance) {
  return WeightedShare(sides.population, sides.source, attribute, balance.source_weights);
}

double TargetShare(const Sides& sides, int attribute, const Balance& balance) {
  return WeightedShare(sides.population, sides.target, attribute, balance.target_weights);
}

double Sum(const std::vector<double>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

TEST(BalanceTest, TargetsBecomeLikeTheSources) {
  const Sides sides = Make({0.4, 0.65, 0.1}, {0.55, 0.9, 0.2});
  const Balance balance = Weigh(sides, 10);
  EXPECT_NEAR(TargetShare(sides, 0, balance), 0.4, 0.002);
  EXPECT_NEAR(TargetShare(sides, 1, balance), 0.65, 0.002);
  EXPECT_NEAR(TargetShare(sides, 2, balance), 0.1, 0.002);
  EXPECT_NEAR(Sum(balance.target_weights), 1000, 1);
  for (const double weight : balance.source_weights) EXPECT_NEAR(weight, 1, 0.01);
}

TEST(BalanceTest, SourcesComeToWhatTargetsCannotReach) {
  const Sides sides = Make({0.65, 0.3}, {0.95, 0.4});
  const Balance balance = Weigh(sides, 4);
  // One target in twenty without it, shown four times as often as now.
  EXPECT_NEAR(TargetShare(sides, 0, balance), 0.8, 0.01);
  EXPECT_NEAR(SourceShare(sides, 0, balance), TargetShare(sides, 0, balance), 0.002);
  EXPECT_NEAR(SourceShare(sides, 1, balance), TargetShare(sides, 1, balance), 0.002);
  EXPECT_NEAR(Sum(balance.source_weights), 1000, 1);
}

TEST(BalanceTest, SaysWhatItDid) {
  const Sides sides = Make({0.1, 0.5, 0}, {0.8, 0.95, 1});
  const Balance balance = Weigh(sides, 4);
  ASSERT_EQ(balance.shares.size(), 1U);
  const auto& [attribute, source, target] = balance.shares[0];
  EXPECT_EQ(attribute, 1);
  EXPECT_DOUBLE_EQ(source.plain, 0.5);
  EXPECT_DOUBLE_EQ(target.plain, 0.95);
  EXPECT_DOUBLE_EQ(source.weighted, SourceShare(sides, 1, balance));
  EXPECT_DOUBLE_EQ(target.weighted, TargetShare(sides, 1, balance));
}

TEST(BalanceTest, NobodyCountsMoreThanAllowed) {
  const Sides sides = Make({0.4}, {0.01});
  const Balance balance = Weigh(sides, 4);
  EXPECT_NEAR(TargetShare(sides, 0, balance), 0.04, 0.005);
  const auto [least, most] =
      std::minmax_element(balance.target_weights.begin(), balance.target_weights.end());
  EXPECT_NEAR(*most, 4, 1e-6);
  EXPECT_NEAR(*least, 0.97, 0.01);
  // Sources without it would have to count 1.6 times, those with it a tenth.
  EXPECT_NEAR(SourceShare(sides, 0, balance), 0.1, 0.005);
  EXPECT_NEAR(*std::min_element(balance.source_weights.begin(), balance.source_weights.end()), 0.25,
              1e-6);
}

TEST(BalanceTest, WhatTheTargetMeansIsLeftAlone) {
  const Sides sides = Make({0.1, 0.3}, {0.8, 0.5});
  const Balance balance = Weigh(sides, 10);
  EXPECT_NEAR(TargetShare(sides, 0, balance), 0.8, 0.02);
  EXPECT_NEAR(SourceShare(sides, 0, balance), 0.1, 0.02);
  EXPECT_NEAR(TargetShare(sides, 1, balance), 0.3, 0.002);
}

TEST(BalanceTest, WhatHardlyATargetHasIsMeantToo) {
  // One target in five hundred has the first, one in five hundred lacks the second.
  const Sides sides = Make({0.3, 0.7, 0.4}, {0.002, 0.998, 0.5});
  const Balance balance = Weigh(sides, 10);
  ASSERT_EQ(balance.shares.size(), 1U);
  EXPECT_EQ(balance.shares[0].attribute, 2);
  EXPECT_NEAR(SourceShare(sides, 0, balance), 0.3, 0.02);
  EXPECT_NEAR(SourceShare(sides, 1, balance), 0.7, 0.02);
}

TEST(BalanceTest, WhatNobodyOrEverybodyHasChangesNothing) {
  for (const std::vector<double>& target : {std::vector<double>{0, 1}, {0, 0}, {1, 1}}) {
    const Balance balance = Weigh(Make({0.2, 0.7}, target), 10);
    for (const double weight : balance.target_weights) EXPECT_EQ(weight, 1);
    for (const double weight : balance.source_weights) EXPECT_EQ(weight, 1);
  }
  const Balance balance = Weigh(Make({0, 1}, {0.3, 0.6}), 10);
  for (const std::vector<double>& weights : {balance.source_weights, balance.target_weights}) {
    for (const double weight : weights) {
      EXPECT_GT(weight, 0);
      EXPECT_LT(weight, 10);
    }
  }
}

}  // namespace
}  // namespace makeover::engine
