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

  // The networks and optimisers after so many steps.
  std::vector<torch::Tensor> Trained(const TrainingRows& rows, int64_t steps = 2) const {
    const PixelCache cache(scratch_ / "noise.pixels");
    Trainer trainer(config_, {"cpu", Precision::kFp32, 1}, cache, rows);
    Position position;
    for (; position.step < steps; ++position.step) trainer.Step(position);
    return trainer.Copy(position).tensors;
  }

  // Four faces, of which the odd ones have an attribute.
  static TrainingRows Labelled() {
    TrainingRows rows;
    rows.source = {0, 1};
    rows.target = {2, 3};
    rows.labels.population.attributes = {"odd"};
    rows.labels.population.bits = {0, 1, 0, 1};
    rows.labels.population.partitions.assign(4, 0);
    rows.labels.population.identities.assign(4, -1);
    rows.labels.learn = {0, 1, 2, 3};
    return rows;
  }

  StepValues FirstStep(const TrainingRows& rows, Precision precision) const {
    const PixelCache cache(scratch_ / "noise.pixels");
    return Trainer(config_, {"cpu", precision, 1}, cache, rows).Step({});
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

TEST_F(TrainerTest, WhatIsKeptWeighsByTheTemperature) {
  TrainingRows rows = Labelled();
  rows.labels.kept = {{0, 0.5}};
  const auto trained = [&](int64_t steps, double weight, double anneal) {
    config_.steps = steps;
    config_.keep_weight = weight;
    config_.keep_weight_anneal = anneal;
    return Trained(rows);
  };
  constexpr int64_t kNeverCools = 1'000'000'000;
  const auto ten = trained(kNeverCools, 10, 0);
  EXPECT_TRUE(Same(trained(kNeverCools, 20, -10), ten));
  EXPECT_FALSE(Same(trained(kNeverCools, 20, 0), ten));
  EXPECT_FALSE(Same(trained(2, 20, -10), trained(2, 10, 0)));
}

// The growth of what is kept is the last of the state.
TEST_F(TrainerTest, WhatIsKeptWeighsMoreAboveItsGoal) {
  TrainingRows rows = Labelled();
  rows.labels.kept = {{0, 0.5}};
  const auto trained = [&](double goal) {
    config_.keep_goal = goal;
    return Trained(rows);
  };
  const auto without = trained(0);
  auto below = trained(1);
  EXPECT_EQ(below.back().item<float>(), 0);
  below.pop_back();
  EXPECT_TRUE(Same(below, without));
  auto above = trained(1e-9);
  EXPECT_GT(above.back().item<float>(), 0);
  above.pop_back();
  EXPECT_FALSE(Same(above, without));
}

TEST_F(TrainerTest, ARunThatHadNoGoalsGoesOnWithThem) {
  TrainingRows rows = Labelled();
  rows.labels.kept = {{0, 0.5}};
  const PixelCache cache(scratch_ / "noise.pixels");
  const auto trainer = [&](double goal) {
    config_.keep_goal = goal;
    config_.augment_goal = goal;
    return Trainer(config_, {"cpu", Precision::kFp32, 1}, cache, rows);
  };
  Trainer had_none = trainer(0);
  had_none.Step({});
  had_none.Save(scratch_ / "one", {1, 0}, {});
  Trainer has_them = trainer(0.5);
  EXPECT_EQ(has_them.Load(CheckpointReader(scratch_ / "one")).step, 1);
  const auto all = has_them.Copy({}).tensors;
  const auto growths = all.end() - 2;
  for (auto growth = growths; growth != all.end(); ++growth) EXPECT_EQ(growth->item<float>(), 0);
  EXPECT_TRUE(Same({all.begin(), growths}, had_none.Copy({}).tensors));
}

// The growth of the augmentation is the last of the state of a run that keeps nothing.
TEST_F(TrainerTest, AugmentationIsStrongerWhileTheDiscriminatorIsSurerThanItsGoal) {
  const auto trained = [this](double augment, double goal) {
    config_.augment = augment;
    config_.augment_goal = goal;
    return Trained(Labelled(), 4);
  };
  const auto without = trained(0.5, 0);
  auto less_sure = trained(0.5, 1e-9);
  EXPECT_EQ(less_sure.back().item<float>(), 0);
  less_sure.pop_back();
  EXPECT_TRUE(Same(less_sure, without));
  auto surer = trained(0.5, 1);
  EXPECT_GT(surer.back().item<float>(), 0);
  surer.pop_back();
  EXPECT_FALSE(Same(surer, without));
  EXPECT_EQ(trained(0, 1).size(), without.size());  // nothing to strengthen
}

TEST_F(TrainerTest, TheTurnoverIsThatOfTheSettings) {
  TrainingRows rows = Labelled();
  rows.labels.kept = {{0, 0.5}};
  config_.keep_turnover = 1;
  const auto one = Trained(rows);
  config_.keep_turnover = 0;
  EXPECT_FALSE(Same(Trained(rows), one));
}

TEST_F(TrainerTest, LongGradientsAreShortenedAsFarAsTheSettingsSay) {
  config_.update_clip = 0;
  const auto any = Trained(Labelled());
  config_.update_clip = 1000;
  EXPECT_TRUE(Same(Trained(Labelled()), any));
  config_.update_clip = 0.01;
  EXPECT_FALSE(Same(Trained(Labelled()), any));
}

TEST_F(TrainerTest, WhatIsAimedAtWeighs) {
  TrainingRows rows = Labelled();
  rows.labels.aimed = {{0, true}};
  const auto two = Trained(rows);
  config_.aim_weight = 3;
  EXPECT_FALSE(Same(Trained(rows), two));
}

// What it learned in its first lesson tells, since that sees nothing of the other networks.
TEST_F(TrainerTest, TheReaderComputesAsTheNetworksDo) {
  TrainingRows rows = Labelled();
  rows.labels.kept = {{0, 0.5}};
  const float exact = FirstStep(rows, Precision::kFp32).reader.item<float>();
  const float coarse = FirstStep(rows, Precision::kBf16).reader.item<float>();
  EXPECT_NE(coarse, exact);
  EXPECT_NEAR(coarse, exact, 0.05F * exact);
}

// A penalty every so many steps weighs as much as so many.
TEST_F(TrainerTest, ThePenaltyWeighsByItsStepsAndItself) {
  const TrainingRows rows = Labelled();
  const auto trained = [&](double penalty, int64_t every) {
    config_.gradient_penalty = penalty;
    config_.gradient_penalty_steps = every;
    return Trained(rows);
  };
  const auto one = trained(1, 16);
  EXPECT_TRUE(Same(trained(2, 8), one));
  EXPECT_FALSE(Same(trained(2, 16), one));
  EXPECT_FALSE(Same(trained(16, 1), one));  // both steps have one
  EXPECT_FALSE(Same(trained(0, 16), one));
}

TEST_F(TrainerTest, NoiseAndAugmentationAreSeen) {
  const TrainingRows rows = Labelled();
  const auto plain = Trained(rows, 1);
  config_.noise = 0.2;
  EXPECT_FALSE(Same(Trained(rows, 1), plain));
  config_.noise = 0;
  config_.augment = 0.5;
  EXPECT_FALSE(Same(Trained(rows, 1), plain));
}

// Elsewhere the discriminator could grow as steep as it likes.
TEST_F(TrainerTest, ThePenaltyIsTakenWhereTheDiscriminatorLooks) {
  const auto penalty = [this] {
    return FirstStep(Labelled(), Precision::kFp32).penalty.item<float>();
  };
  const float plain = penalty();
  config_.noise = 0.2;
  EXPECT_NE(penalty(), plain);
  config_.noise = 0;
  config_.augment = 0.5;
  EXPECT_NE(penalty(), plain);
}

// Up to the step after which the augmentation is stronger, the same two runs.
TEST_F(TrainerTest, ResultsAndTargetsAreSeenEquallyStronglyAugmented) {
  const PixelCache cache(scratch_ / "noise.pixels");
  config_.augment = 0.5;
  config_.gradient_penalty_steps = 1;
  const auto trainer = [&](double goal) {
    config_.augment_goal = goal;
    return Trainer(config_, {"cpu", Precision::kFp32, 1}, cache, Labelled());
  };
  Trainer plain = trainer(0);
  Trainer growing = trainer(1);
  Position position;
  float growth = 1;
  for (; growth == 1 && position.step < 10; ++position.step) {
    plain.Step(position);
    growth = growing.Step(position).augment_growth.item<float>();
  }
  ASSERT_GT(growth, 1);
  const StepValues as_drawn = plain.Step(position);
  const StepValues stronger = growing.Step(position);
  EXPECT_TRUE(torch::equal(stronger.pixel, as_drawn.pixel));
  EXPECT_FALSE(torch::equal(stronger.adversarial, as_drawn.adversarial));  // of results alone
  EXPECT_FALSE(torch::equal(stronger.penalty, as_drawn.penalty));          // of targets alone
}

// Grey sources and targets of one colour, to which results come within a few steps, seen as it is.
class ColourTest : public TrainerTest {
 protected:
  ColourTest() {
    config_.learning_rate = 0.002;
    config_.warm_up = 0;
    config_.pixel_weight = 0;
    config_.augment = 0;
    config_.hue_weight = 1e-9;  // only to be told of it
    config_.cold_weight = 1e-9;
  }

  // Of the step after so many.
  StepValues After(int64_t steps, const std::vector<uint8_t>& colour) const {
    PixelCacheWriter writer(scratch_ / "colours.pixels", kShape, 4);
    for (const int64_t row : {0, 1}) writer.Put(row, Plain({128, 128, 128}));
    for (const int64_t row : {2, 3}) writer.Put(row, Plain(colour));
    writer.Commit();
    const PixelCache cache(scratch_ / "colours.pixels");
    TrainingRows rows;
    rows.source = {0, 1};
    rows.target = {2, 3};
    Trainer trainer(config_, {"cpu", Precision::kFp32, 1}, cache, rows);
    Position position;
    for (; position.step < steps; ++position.step) trainer.Step(position);
    return trainer.Step(position);
  }

  static std::vector<uint8_t> Plain(const std::vector<uint8_t>& colour) {
    std::vector<uint8_t> pixels;
    for (int64_t i = 0; i < kShape.bytes(); i += 3)
      pixels.insert(pixels.end(), colour.begin(), colour.end());
    return pixels;
  }
};

TEST_F(ColourTest, ResultsMayBeAsColdAsTheTargetsAre) {
  const StepValues values = After(12, {0, 0, 255});
  EXPECT_GT(values.hue.item<float>(), 0.2F);
  EXPECT_LT(values.cold.item<float>(), 0.01F);
}

}  // namespace
}  // namespace makeover::engine
