#include "worker/engine/sure_batches.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

namespace makeover::engine {
namespace {

// Batches of two, then of four, of a conversion that doubles levels. Each call takes a second.
class SureBatchesTest : public testing::Test {
 protected:
  SureBatches::Results Run(size_t count) {
    const SureBatches::Faces all = {&pixels_[0], &pixels_[1], &pixels_[2], &pixels_[3]};
    const SureBatches::Faces faces(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    return batches_.Run(faces, [this](const SureBatches::Faces& some, int size) {
      sizes_.push_back(size);
      if (before_) before_(size);
      SureBatches::Batch batch;
      for (const uint8_t* face : some) batch.results.push_back({2.0F * *face + bias_(size)});
      batch.usual = usual_;
      return batch;
    });
  }

  void UntilFourAreTried() {
    while (batches_.size() == 2) Run(2);
    sizes_.clear();
  }

  const std::vector<uint8_t> pixels_ = {1, 2, 3, 4};
  const SureBatches::Results doubled_ = {{2}, {4}, {6}, {8}};
  double time_ = 0;
  SureBatches batches_{{2, 4}, [this] { return time_ += 1; }};
  std::function<void(int)> before_;
  std::function<float(int)> bias_ = [](int) { return 0.0F; };
  bool usual_ = true;
  std::vector<int> sizes_;
};

TEST_F(SureBatchesTest, ALargerSizeIsComparedOnceAndThenUsed) {
  UntilFourAreTried();
  EXPECT_EQ(Run(4), doubled_);
  EXPECT_EQ(sizes_, (std::vector<int>{2, 2, 4}));
  EXPECT_EQ(Run(4), doubled_);
  EXPECT_EQ(sizes_, (std::vector<int>{2, 2, 4, 4}));
}

TEST_F(SureBatchesTest, ASizeOfOtherBitsIsNotUsedAndItsResultsAreNotTaken) {
  UntilFourAreTried();
  bias_ = [](int size) { return size == 4 ? 1e-3F : 0.0F; };
  EXPECT_EQ(Run(4), doubled_);
  EXPECT_EQ(batches_.size(), 2);
  sizes_.clear();
  Run(2);
  EXPECT_EQ(sizes_, (std::vector<int>{2}));
}

TEST_F(SureBatchesTest, ASizeForWhichThereIsNoMemoryIsNotUsedAndNothingIsLost) {
  UntilFourAreTried();
  before_ = [](int size) {
    if (size == 4) throw std::runtime_error("no memory");
  };
  EXPECT_EQ(Run(3), (SureBatches::Results{{2}, {4}, {6}}));
  EXPECT_EQ(batches_.size(), 2);
}

TEST_F(SureBatchesTest, WhatTheSmallestSizeThrowsIsTold) {
  before_ = [](int) { throw std::runtime_error("broken"); };
  EXPECT_THROW(Run(2), std::runtime_error);
}

TEST_F(SureBatchesTest, FewFacesAndPreparationsAreNotTimed) {
  for (int i = 0; i < 20; ++i) Run(1);
  usual_ = false;
  for (int i = 0; i < 20; ++i) Run(2);
  EXPECT_EQ(batches_.size(), 2);
  usual_ = true;
  for (int i = 0; i < 4; ++i) Run(2);
  EXPECT_EQ(batches_.size(), 4);
}

}  // namespace
}  // namespace makeover::engine
