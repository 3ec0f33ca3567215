#include "worker/engine/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/engine/noise_faces.h"
#include "tests/engine/scratch.h"

namespace makeover::engine {
namespace {

class TrainerTest : public testing::Test {
 protected:
  static constexpr PixelShape kShape = {40, 48};

  TrainerTest() {
    WriteNoiseFaces(scratch_ / "noise.pixels", kShape, 4);
    config_.size = kShape;
    config_.window = "full";
    config_.batch_size = 2;
  }

  // The networks and optimisers after two steps.
  std::vector<torch::Tensor> Trained(const TrainingRows& rows) const {
    const PixelCache cache(scratch_ / "noise.pixels");
    Trainer trainer(config_, {"cpu", Precision::kFp32, 1}, cache, rows);
    Position position;
    for (; position.step < 2; ++position.step) trainer.Step(position);
    return trainer.Copy(position).tensors;
  }

  static bool Same(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return torch::equal(x, y); });
  }

  const Scratch scratch_;
  Config config_ = RecipeDefaults("makeover");
};

TEST_F(TrainerTest, FacesOfBothFamiliesAreSeenByWeight) {
  TrainingRows rows;
  rows.source = {0, 0};
  rows.target = {2, 2};
  const auto one_of_each = Trained(rows);
  rows.source = {0, 1};
  EXPECT_FALSE(Same(Trained(rows), one_of_each));
  rows.source_weights = {1, 0};
  EXPECT_TRUE(Same(Trained(rows), one_of_each));
  rows.target = {3, 2};
  EXPECT_FALSE(Same(Trained(rows), one_of_each));
  rows.target_weights = {0, 1};
  EXPECT_TRUE(Same(Trained(rows), one_of_each));
}

}  // namespace
}  // namespace makeover::engine
