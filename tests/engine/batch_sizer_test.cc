#include "worker/engine/batch_sizer.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace makeover::engine {
namespace {

// The sizes of `batches` whole batches, each of which takes as long as `seconds` says of its size.
std::vector<int> SizesTaken(BatchSizer* sizer, int batches, const std::map<int, double>& seconds) {
  std::vector<int> sizes;
  for (int i = 0; i < batches; ++i) {
    sizes.push_back(sizer->size());
    sizer->Took(seconds.at(sizer->size()));
  }
  return sizes;
}

TEST(BatchSizerTest, TriesAllAndSettlesOnTheFastest) {
  BatchSizer sizer({16, 32, 64});
  EXPECT_EQ(SizesTaken(&sizer, 13, {{16, 1.0}, {32, 1.6}, {64, 3.6}}),
            (std::vector<int>{16, 16, 16, 16, 32, 32, 32, 32, 64, 64, 64, 64, 32}));
}

TEST(BatchSizerTest, ASmallerOneIsTakenWhereItIsAboutAsFast) {
  BatchSizer sizer({16, 32});
  SizesTaken(&sizer, 8, {{16, 1.0}, {32, 1.98}});
  EXPECT_EQ(sizer.size(), 16);
}

TEST(BatchSizerTest, TheFirstBatchOfASizeAndAnyThatWasHeldUpDoNotCount) {
  BatchSizer sizer({16, 32});
  SizesTaken(&sizer, 4, {{16, 1.0}});
  for (const double seconds : {9.0, 1.5, 9.0, 1.5}) sizer.Took(seconds);
  EXPECT_EQ(sizer.size(), 32);
}

TEST(BatchSizerTest, LargerOnesAreNotTriedWhereOneIsMuchSlower) {
  BatchSizer sizer({16, 32, 64});
  SizesTaken(&sizer, 8, {{16, 1.0}, {32, 3.0}});
  EXPECT_EQ(sizer.size(), 16);
}

TEST(BatchSizerTest, WhatIsRejectedIsNotUsedAgain) {
  BatchSizer sizer({16, 32, 64});
  SizesTaken(&sizer, 4, {{16, 1.0}});
  ASSERT_EQ(sizer.size(), 32);
  sizer.Reject();
  EXPECT_EQ(SizesTaken(&sizer, 5, {{64, 1.0}}), (std::vector<int>{64, 64, 64, 64, 64}));
  EXPECT_EQ(sizer.SizeFor(20), 64);

  BatchSizer last({16, 32});
  SizesTaken(&last, 4, {{16, 1.0}});
  last.Reject();
  EXPECT_EQ(SizesTaken(&last, 5, {{16, 1.0}}), (std::vector<int>{16, 16, 16, 16, 16}));
}

TEST(BatchSizerTest, TheSmallestStays) {
  BatchSizer sizer({16});
  sizer.Reject();
  EXPECT_EQ(SizesTaken(&sizer, 6, {{16, 1.0}}), (std::vector<int>{16, 16, 16, 16, 16, 16}));
}

TEST(BatchSizerTest, FewFacesTakeTheSmallestSizeThatHoldsThem) {
  BatchSizer sizer({16, 32, 64});
  EXPECT_EQ(sizer.SizeFor(3), 16);
  SizesTaken(&sizer, 8, {{16, 1.0}, {32, 1.0}});
  ASSERT_EQ(sizer.size(), 64);
  EXPECT_EQ(sizer.SizeFor(16), 16);
  EXPECT_EQ(sizer.SizeFor(17), 32);
  EXPECT_EQ(sizer.SizeFor(64), 64);
}

}  // namespace
}  // namespace makeover::engine
