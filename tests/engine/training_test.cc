#include "worker/engine/training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/engine/noise_faces.h"
#include "tests/engine/scratch.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

// Whole runs whose networks learn too fast to stay well.
class TrainingTest : public testing::Test {
 protected:
  static constexpr PixelShape kShape = {40, 48};

  TrainingTest() {
    WriteNoiseFaces(scratch_ / "noise.pixels", kShape, 24);
    for (int64_t row = 0; row < 24; ++row)
      (row < 16 ? run_.source_rows : run_.target_rows).push_back(row);
    run_.compute = {"cpu", Precision::kFp32, 1};
    run_.out = scratch_ / "out";
    Begin("makeover");
  }

  void Begin(const std::string& recipe) {
    Config& config = run_.config;
    config = RecipeDefaults(recipe);
    config.size = kShape;
    config.window = "full";
    config.batch_size = 4;
    config.sample_count = 4;
    config.sample_steps = 1000;
    config.metrics_steps = 1;
    config.checkpoint_steps = 5;
    config.schedule = "halving";  // with a half life no step depends on how many there will be
    config.half_life = 1000;
  }

  void LetTheDiscriminatorGoAstray() { run_.config.discriminator_rate = 100; }
  void LetTheGeneratorCollapse() {
    Begin("classic");
    run_.config.learning_rate = 0.03;
    run_.config.discriminator_rate = 0.001;
  }

  // The run's events. Evaluations say until the first rollback that each state is the best so far,
  // and later that none is.
  std::vector<Json> Events(const EventSink& also = [](const Json&) {}) {
    const PixelCache cache(scratch_ / "noise.pixels");
    std::vector<Json> events;
    double kid = 1;
    double factor = 0.99;
    Surroundings around;
    around.emit = [&](const Json& event) {
      events.push_back(event);
      also(event);
      if (Is(event, "rollback")) kid = factor = 1;
    };
    around.seconds = [] { return 0.0; };
    int64_t asked = 0;
    around.stop = [&] { return asked++ == stop_before_; };
    around.encode_png = [](int, int, const std::vector<uint8_t>&) { return std::string("png"); };
    around.evaluate = [&](const FaceFunction&) -> std::optional<Figures> {
      if (evaluations_left_ == 0) return std::nullopt;
      --evaluations_left_;
      Figures figures;
      figures.target_rate = 1;
      figures.kept = 1;
      figures.kid.value = kid *= factor;
      return figures;
    };
    const bool done = Train(run_, cache, around);
    EXPECT_EQ(done, stop_before_ < 0 && evaluations_left_ != 0);
    return events;
  }

  static bool Is(const Json& event, const std::string& kind) { return event.Text("event") == kind; }
  static std::vector<Json> Rollbacks(const std::vector<Json>& events) {
    std::vector<Json> some;
    std::copy_if(events.begin(), events.end(), std::back_inserter(some),
                 [](const Json& event) { return Is(event, "rollback"); });
    return some;
  }
  std::string CheckpointOf(int64_t step) const {
    char name[40];
    std::snprintf(name, sizeof name, "/step%06lld.safetensors", static_cast<long long>(step));
    return run_.out + "/checkpoints" + name;
  }
  double RateScale(int64_t step) const {
    return CheckpointReader(CheckpointOf(step)).Number("schedule.rate_scale");
  }
  // That the last metrics name.
  static int64_t BestStep(const std::vector<Json>& events) {
    int64_t best = 0;
    for (const Json& event : events) {
      if (Is(event, "metrics")) best = event.Find("values")->Integer("bestStep", 0);
    }
    return best;
  }

  const Scratch scratch_;
  TrainingRun run_;
  int64_t stop_before_ = -1;       // so many steps are made, or all
  int64_t evaluations_left_ = -1;  // until one is stopped; or all are made
};

TEST_F(TrainingTest, NoStateUnderSuspicionIsWritten) {
  LetTheDiscriminatorGoAstray();
  run_.config.steps = 60;
  int64_t saved = 0;
  int64_t high_since = 0;  // the first step of those whose losses are too high; 0: they are not
  bool returned = false;
  for (const Json& event : Events()) {
    if (Is(event, "checkpoint")) saved = event.Integer("step");
    if (Is(event, "metrics")) {
      const bool high = event.Find("values")->Number("discriminator") > 20;  // guessing gives 2
      high_since = !high ? 0 : high_since > 0 ? high_since : event.Integer("step");
    }
    if (!Is(event, "rollback")) continue;
    returned = true;
    EXPECT_EQ(event.Integer("from"), high_since + 10);
    EXPECT_LT(saved, high_since);
    EXPECT_EQ(event.Integer("step"), saved);
    high_since = 0;
  }
  EXPECT_TRUE(returned);
}

TEST_F(TrainingTest, TheBestIsAStateThatWasSaved) {
  LetTheGeneratorCollapse();
  run_.config.steps = 20;
  run_.config.evaluate_steps = 5;
  std::set<int64_t> saved;
  bool returned = false;
  for (const Json& event : Events()) {
    if (Is(event, "checkpoint")) saved.insert(event.Integer("step"));
    if (Is(event, "rollback")) {
      returned = true;
      saved.erase(saved.upper_bound(event.Integer("step")), saved.end());
    }
    if (!Is(event, "metrics")) continue;
    const int64_t best = event.Find("values")->Integer("bestStep", 0);
    if (best == 0 || best == event.Integer("step")) continue;  // itself is saved next
    EXPECT_EQ(saved.count(best), 1U) << best << " at " << event.Integer("step");
  }
  EXPECT_TRUE(returned);
}

TEST_F(TrainingTest, ATrainingDoesNotEndUnderSuspicion) {
  LetTheDiscriminatorGoAstray();
  run_.config.steps = 60;
  const int64_t noticed = Rollbacks(Events()).at(0).Integer("from");
  std::filesystem::remove_all(run_.out);
  run_.config.steps = noticed - 5;
  const std::vector<Json> returns = Rollbacks(Events());
  ASSERT_FALSE(returns.empty());
  EXPECT_EQ(returns[0].Integer("from"), noticed - 5);
  EXPECT_EQ(RateScale(noticed - 5), returns.back().Number("rateScale"));
}

TEST_F(TrainingTest, WhoStopsIsToldWhereAResumeGoesOn) {
  LetTheDiscriminatorGoAstray();
  run_.config.steps = 60;
  const int64_t noticed = Rollbacks(Events()).at(0).Integer("from");
  for (const int64_t steps : {int64_t{7}, noticed - 5}) {
    std::filesystem::remove_all(run_.out);
    stop_before_ = steps;
    const Json last = Events().back();
    ASSERT_TRUE(Is(last, "stopped"));
    EXPECT_EQ(last.Integer("step"),
              CheckpointReader(CheckpointOf(last.Integer("step"))).info().step);
    EXPECT_EQ(last.Integer("step") == steps, steps == 7);
  }
}

// Whatever makes a state be saved, its losses are looked at first: where a checkpoint is due, at
// the end and at a stop, between two lines of metrics.
TEST_F(TrainingTest, LossesAreLookedAtBeforeAStateIsSaved) {
  LetTheDiscriminatorGoAstray();
  run_.config.steps = 60;
  const int64_t high = Rollbacks(Events()).at(0).Integer("from") - 10;  // the first loss too high
  run_.config.metrics_steps = 1000;
  struct Case {
    int64_t checkpoint_steps, steps, stop_before;
  };
  for (const Case& what : {Case{high, high + 1, -1}, Case{0, high, -1}, Case{0, 60, high}}) {
    std::filesystem::remove_all(run_.out);
    run_.config.checkpoint_steps = what.checkpoint_steps;
    run_.config.steps = what.steps;
    stop_before_ = what.stop_before;
    const std::vector<Json> events = Events();
    const auto end = std::find_if(events.begin(), events.end(),
                                  [](const Json& event) { return Is(event, "rollback"); });
    EXPECT_EQ(end == events.end(), stop_before_ >= 0) << high;
    EXPECT_TRUE(std::none_of(events.begin(), end,
                             [high](const Json& event) {
                               return Is(event, "checkpoint") && event.Integer("step") >= high;
                             }))
        << what.checkpoint_steps << " " << what.steps;
  }
}

TEST_F(TrainingTest, WhoIsStoppedInAnEvaluationMeasuresThatStepLater) {
  run_.config.steps = 10;
  run_.config.evaluate_steps = 5;
  evaluations_left_ = 1;
  const Json last = Events().back();
  ASSERT_TRUE(Is(last, "stopped"));
  EXPECT_EQ(last.Integer("step"), 5);
  EXPECT_FALSE(std::filesystem::exists(CheckpointOf(10)));
  run_.resume = CheckpointOf(5);
  evaluations_left_ = -1;
  const std::vector<Json> events = Events();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const Json& event) {
    return Is(event, "metrics") && event.Integer("step") == 10 &&
           event.Find("values")->Find("judgedKid") != nullptr;
  }));
}

TEST_F(TrainingTest, WhatWasSeenOfTheLossesComesBackWithACheckpoint) {
  const auto mean_of = [this](int64_t steps) {
    run_.config.steps = steps;
    Events();
    const CheckpointReader checkpoint(CheckpointOf(steps));
    EXPECT_EQ(checkpoint.Integer("health.latest_step"), steps);
    return checkpoint.Number("health.mean");
  };
  const double whole = mean_of(8);
  const double half = mean_of(4);
  run_.resume = CheckpointOf(4);
  EXPECT_EQ(mean_of(8), whole);
  EXPECT_NE(half, whole);
}

// A stop looks at losses that a run without it does not look at.
TEST_F(TrainingTest, AStopLeavesWhatIsSeenOfTheLossesAsItWas) {
  run_.config.metrics_steps = 4;
  run_.config.checkpoint_steps = 0;
  const auto seen = [this](int64_t steps) {
    const CheckpointReader checkpoint(CheckpointOf(steps));
    return std::make_tuple(checkpoint.Number("health.mean"),
                           checkpoint.Integer("health.first_step"),
                           checkpoint.Integer("health.latest_step"));
  };
  run_.config.steps = 12;
  Events();
  const auto whole = seen(12);
  EXPECT_EQ(std::get<1>(whole), 4);
  for (const int64_t stop : {2, 6}) {
    run_.resume = "";
    stop_before_ = stop;
    Events();
    run_.resume = CheckpointOf(stop);
    stop_before_ = -1;
    Events();
    EXPECT_EQ(seen(12), whole) << stop;
  }
}

TEST_F(TrainingTest, SamplesOfOnePictureSayNothingOfACollapse) {
  run_.source_rows = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  run_.config.steps = 2;
  EXPECT_TRUE(Rollbacks(Events()).empty());
}

TEST_F(TrainingTest, NoCollapsedStateIsWritten) {
  LetTheGeneratorCollapse();
  run_.config.steps = 20;
  const std::vector<Json> returns = Rollbacks(Events());
  ASSERT_FALSE(returns.empty());
  for (const Json& event : returns) {
    EXPECT_NE(event.Text("reason").find("the same result"), std::string::npos);
    EXPECT_LT(event.Integer("from"), 20);  // not only by the sample at the end
  }
}

TEST_F(TrainingTest, TheRateAndTheBestComeBackWithACheckpoint) {
  LetTheGeneratorCollapse();
  run_.config.steps = 20;
  run_.config.evaluate_steps = 5;
  const std::vector<Json> first = Events();
  ASSERT_FALSE(Rollbacks(first).empty());
  const double scale = Rollbacks(first).back().Number("rateScale");
  ASSERT_EQ(RateScale(20), scale);
  run_.resume = CheckpointOf(20);
  run_.config.steps = 21;
  run_.config.evaluate_steps = 0;
  for (const Json& event : Events()) {
    if (!Is(event, "metrics")) continue;
    EXPECT_EQ(event.Find("values")->Integer("bestStep", 0), BestStep(first));
    EXPECT_NEAR(event.Find("values")->Number("learningRate"), scale * run_.config.learning_rate,
                1e-9);
  }
  EXPECT_GT(BestStep(first), 0);
}

TEST_F(TrainingTest, ARateGivenAtAResumeIsTaken) {
  LetTheGeneratorCollapse();
  run_.config.steps = 20;
  ASSERT_FALSE(Rollbacks(Events()).empty());
  run_.resume = CheckpointOf(20);
  run_.config.steps = 21;
  run_.config.learning_rate = 0.001;
  int seen = 0;
  for (const Json& event : Events()) {
    if (!Is(event, "metrics")) continue;
    EXPECT_NEAR(event.Find("values")->Number("learningRate"), 0.001, 1e-9);
    ++seen;
  }
  EXPECT_EQ(seen, 1);
}

TEST_F(TrainingTest, ReturnsAreCountedThroughAResume) {
  LetTheDiscriminatorGoAstray();
  run_.config.steps = 60;
  const size_t first = Rollbacks(Events()).size();
  ASSERT_GE(first, 1U);
  ASSERT_LT(first, 5U);
  run_.resume = CheckpointOf(60);
  run_.config.steps = 600;
  run_.config.discriminator_rate = 1e5;
  size_t then = 0;
  EXPECT_THROW(Events([&](const Json& event) { then += Is(event, "rollback") ? 1 : 0; }),
               EngineError);
  EXPECT_EQ(first + then, 5U);
}

}  // namespace
}  // namespace makeover::engine
