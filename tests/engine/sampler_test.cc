#include "worker/engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace makeover::engine {
namespace {

const std::vector<int64_t> kRows = {3, 5, 8, 13, 21, 34, 55};

Sampler Make(uint64_t seed) { return {kRows, seed, Stream::kSourceOrder, Stream::kSourceFlip}; }

std::vector<int64_t> Rows(const std::vector<Draw>& draws) {
  std::vector<int64_t> rows;
  for (const Draw& draw : draws) rows.push_back(draw.row);
  return rows;
}

TEST(SamplerTest, EachEpochHasEachRowOnce) {
  Sampler sampler = Make(1);
  std::set<std::vector<int64_t>> orders;
  for (int epoch = 0; epoch < 5; ++epoch) {
    std::vector<int64_t> rows = Rows(sampler.Next(7, false));
    orders.insert(rows);
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(rows, kRows);
  }
  EXPECT_GT(orders.size(), 3U);
}

// How often each of kRows came.
std::vector<int64_t> Counts(Sampler* sampler, int64_t draws) {
  std::vector<int64_t> counts(kRows.size());
  for (const int64_t row : Rows(sampler->Next(draws, false)))
    ++counts[std::find(kRows.begin(), kRows.end(), row) - kRows.begin()];
  return counts;
}

TEST(SamplerTest, WeightsSayHowOften) {
  const std::vector<double> weights = {0.25, 0.5, 2.5, 1, 0.75, 2, 0};
  Sampler sampler(kRows, weights, 1, Stream::kTargetOrder, Stream::kTargetFlip);
  std::vector<int64_t> total(kRows.size());
  constexpr int kEpochs = 4000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const std::vector<int64_t> counts = Counts(&sampler, 7);
    for (size_t i = 0; i < kRows.size(); ++i) {
      EXPECT_LT(std::abs(static_cast<double>(counts[i]) - weights[i]), 1);
      total[i] += counts[i];
    }
  }
  for (size_t i = 0; i < kRows.size(); ++i)
    EXPECT_NEAR(static_cast<double>(total[i]) / kEpochs, weights[i], 0.03) << i;
}

TEST(SamplerTest, EvenWeightsAreNone) {
  Sampler weighed(kRows, std::vector<double>(7, 1), 3, Stream::kTargetOrder, Stream::kTargetFlip);
  for (int epoch = 0; epoch < 5; ++epoch)
    EXPECT_EQ(Counts(&weighed, 7), std::vector<int64_t>(7, 1));
}

TEST(SamplerTest, BatchesOfAnySizeGiveTheSameSequence) {
  Sampler one = Make(1);
  Sampler other = Make(1);
  std::vector<int64_t> singles;
  for (int i = 0; i < 20; ++i) singles.push_back(one.Next(1, true)[0].row);
  EXPECT_EQ(Rows(other.Next(20, true)), singles);
}

TEST(SamplerTest, SeekGoesOnAsIfNeverStopped) {
  Sampler straight = Make(4);
  straight.Next(17, true);
  const std::vector<Draw> expected = straight.Next(10, true);
  Sampler resumed = Make(4);
  resumed.Seek(17);
  const std::vector<Draw> got = resumed.Next(10, true);
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].row, expected[i].row);
    EXPECT_EQ(got[i].flip, expected[i].flip);
  }
  EXPECT_EQ(resumed.position(), 27);
}

TEST(SamplerTest, SeedsDiffer) {
  EXPECT_NE(Rows(Make(1).Next(14, false)), Rows(Make(2).Next(14, false)));
}

TEST(SamplerTest, FlipsAboutHalfAndOnlyWhenAsked) {
  int flips = 0;
  for (const Draw& draw : Make(1).Next(2000, true)) flips += draw.flip ? 1 : 0;
  EXPECT_GT(flips, 900);
  EXPECT_LT(flips, 1100);
  for (const Draw& draw : Make(1).Next(100, false)) EXPECT_FALSE(draw.flip);
}

// The numbers are part of the checkpoint format: another sequence would change every resumed
// training.
TEST(RandomTest, TheSequenceStays) {
  Random random(1, Stream::kSourceOrder, 0);
  const uint64_t first = random.Next();
  Random again(1, Stream::kSourceOrder, 0);
  EXPECT_EQ(again.Next(), first);
  EXPECT_NE(Random(1, Stream::kTargetOrder, 0).Next(), first);
  EXPECT_NE(Random(1, Stream::kSourceOrder, 1).Next(), first);
  EXPECT_NE(Random(2, Stream::kSourceOrder, 0).Next(), first);
}

TEST(RandomTest, BelowStaysBelow) {
  Random random(1, Stream::kNoise, 0);
  std::set<uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.Below(5));
  EXPECT_EQ(seen, (std::set<uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(random.Below(1), 0U);
}

}  // namespace
}  // namespace makeover::engine
