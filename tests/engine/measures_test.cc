#include "worker/engine/measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <vector>

#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

constexpr int kLength = 8;

// ((i i 7 + j 13 + i j 3) mod 23 - 11) / 5 + shift
std::vector<float> Listed(int count, double shift) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < kLength; ++j) {
      const int level = (i * i * 7 + j * 13 + i * j * 3) % 23 - 11;
      values.push_back(static_cast<float>(level / 5.0 + shift));
    }
  }
  return values;
}

// About normal, of mean `shift` and deviation 1.
std::vector<float> Drawn(int count, double shift, uint64_t seed) {
  Random random(seed, Stream::kNoise, 0);
  std::vector<float> values;
  for (int i = 0; i < count * kLength; ++i) {
    double sum = -6;
    for (int k = 0; k < 12; ++k) sum += static_cast<double>(random.Below(1000)) / 999;
    values.push_back(static_cast<float>(sum + shift));
  }
  return values;
}

double Mmd(const std::vector<float>& x, const std::vector<float>& y) {
  return UnbiasedCubicMmd({&x, kLength}, {&y, kLength});
}

// By numpy: k = lambda a, b: (a @ b.T / 8 + 1) ** 3, then the mean of k(x, x) and of k(y, y)
// without their diagonals, less twice the mean of k(x, y).
TEST(MeasuresTest, TheKernelDistanceIsThatOfNumpy) {
  EXPECT_NEAR(Mmd(Listed(40, 0), Listed(50, 0.5)), 0.47360539649617284, 1e-5);
  EXPECT_NEAR(Mmd(Listed(40, 0), Listed(50, 0)), -0.9375327428852058, 1e-5);
  EXPECT_NEAR(Mmd(Listed(30, 0), Listed(30, 1)), 8.17743407151341, 1e-5);
}

TEST(MeasuresTest, TheKernelDistanceOfOneDistributionIsAboutZero) {
  const std::vector<float> x = Drawn(400, 0, 1);
  const std::vector<float> alike = Drawn(400, 0, 2);
  const std::vector<float> shifted = Drawn(400, 0.5, 3);
  const KernelDistance near = CubicKernelDistance({&x, kLength}, {&alike, kLength}, 1);
  const KernelDistance far = CubicKernelDistance({&x, kLength}, {&shifted, kLength}, 1);
  EXPECT_EQ(near.subsets, 100);
  EXPECT_EQ(near.subset_size, 100);
  EXPECT_LT(std::abs(near.value), 0.05);
  EXPECT_NEAR(far.value, Mmd(x, shifted), 0.1);
  EXPECT_GT(far.value, 10 * std::abs(near.value));
  EXPECT_GT(far.deviation, 0);
}

TEST(MeasuresTest, TheKernelDistanceTakesAllOfASmallSide) {
  const std::vector<float> x = Drawn(150, 0, 1);
  const std::vector<float> y = Drawn(20, 0.5, 2);
  EXPECT_EQ(CubicKernelDistance({&x, kLength}, {&y, kLength}, 1).subset_size, 20);
  const std::vector<float> one = Drawn(1, 0, 3);
  EXPECT_TRUE(std::isnan(CubicKernelDistance({&x, kLength}, {&one, kLength}, 1).value));
}

TEST(MeasuresTest, TheMeanCosineIsOverThePairs) {
  const std::vector<float> x = {1, 0, 0.6F, 0.8F};
  const std::vector<float> y = {0, 1, 1, 0};
  EXPECT_DOUBLE_EQ(MeanCosine({&x, 2}, {&y, 2}, {{0, 1}}), 1);
  EXPECT_NEAR(MeanCosine({&x, 2}, {&y, 2}, {{0, 0}, {1, 0}, {1, 1}}), (0 + 0.8 + 0.6) / 3, 1e-6);
  EXPECT_TRUE(std::isnan(MeanCosine({&x, 2}, {&y, 2}, {})));
}

// Two squares of 4x4 in an 8x5 picture whose fifth line fills none.
TEST(MeasuresTest, LowL1PoolsBeforeItCompares) {
  std::vector<uint8_t> a(8 * 5 * 3, 100);
  std::vector<uint8_t> b = a;
  EXPECT_EQ(LowL1(a.data(), b.data(), 5, 8), 0);
  b[0] += 16;  // in one of the six means: 1 level of 255
  EXPECT_NEAR(LowL1(a.data(), b.data(), 5, 8), 1.0 / 255 / 6, 1e-12);
  b[3] -= 16;  // the same square and channel: pooling cancels it
  EXPECT_EQ(LowL1(a.data(), b.data(), 5, 8), 0);
  for (int i = 4 * 8 * 3; i < 5 * 8 * 3; ++i) b[static_cast<size_t>(i)] = 0;
  EXPECT_EQ(LowL1(a.data(), b.data(), 5, 8), 0);
  for (uint8_t& level : b) level = 151;
  EXPECT_NEAR(LowL1(a.data(), b.data(), 5, 8), 51.0 / 255, 1e-12);
}

}  // namespace
}  // namespace makeover::engine
