#include "worker/engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
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
// training. They are those of a SplitMix64 written in Python.
TEST(RandomTest, TheSequenceStays) {
  const std::vector<std::pair<Stream, uint64_t>> first = {
      {Stream::kWeights, 0x0A45B3E0D5967D37ULL},      {Stream::kSourceOrder, 0x9A4F0D47E95CDC10ULL},
      {Stream::kTargetOrder, 0x2CE4266E583133A6ULL},  {Stream::kSourceFlip, 0xD2E8C1F84519ACA4ULL},
      {Stream::kTargetFlip, 0x9D0583FFCF596C38ULL},   {Stream::kNoise, 0xA1D3FCFE137AABA3ULL},
      {Stream::kAugment, 0x24655CC9C47A4287ULL},      {Stream::kReader, 0xD5C67049C06C4FEFULL},
      {Stream::kJudgeWeights, 0x4A9D98917842D287ULL}, {Stream::kJudgeOrder, 0x7BF829CFCF04BB49ULL},
      {Stream::kJudgeFlip, 0x6014AADDF566614EULL},    {Stream::kJudgeJitter, 0x87A8E9BA7A45BC1AULL},
      {Stream::kJudgeDropout, 0xC706498A25777126ULL}, {Stream::kPeople, 0xBFB1B6C4992CA63CULL},
      {Stream::kSubsets, 0xA67BD9C20C962BD2ULL}};
  for (const auto& [stream, number] : first)
    EXPECT_EQ(Random(1, stream, 0).Next(), number) << static_cast<uint64_t>(stream);
  Random random(3, Stream::kNoise, 5);
  for (const uint64_t number :
       {0xD84D3BA1FB2F9E23ULL, 0x8D810DC441D6284CULL, 0xE702EB33FDCFC61DULL})
    EXPECT_EQ(random.Next(), number);
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
