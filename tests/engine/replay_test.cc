#include "worker/engine/replay.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/engine/noise_faces.h"
#include "tests/engine/scratch.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {
namespace {

using Tensors = Replay::Tensors;

// Stands in for a device's graph: what was recorded is carried out by calling it again.
class FakeGraph : public DeviceGraph {
 public:
  void Record(const std::function<void()>& work) override { work_ = work; }
  void Run() override { work_(); }

 protected:
  std::function<void()> work_;
};

class NoGraph : public FakeGraph {
 public:
  void Record(const std::function<void()>& /*work*/) override {
    TORCH_CHECK(false, "operation not permitted when stream is capturing");
  }
};

// As where a kernel cannot start.
class NoLaunchGraph : public FakeGraph {
 public:
  void Record(const std::function<void()>& /*work*/) override {
    throw std::runtime_error("A CUDA kernel cannot start: out of memory.");
  }
};

// Breaks off when half of the work is done.
class BrokenGraph : public FakeGraph {
 public:
  void Run() override {
    work_();
    TORCH_CHECK(false, "an illegal memory access was encountered");
  }
};

// What a function that adds to a sum has gone through.
struct Course {
  torch::Tensor sum = torch::zeros({2});
  std::vector<float> outputs;  // sum + bias, the first of two
  int calls = 0;

  Tensors Add(const Tensors& inputs) {
    ++calls;
    sum.add_(inputs[0]);
    return {sum + inputs[1], torch::Tensor()};
  }
};

constexpr int kRuns = 8;

// Runs of 1, 2, 3 and so on, after each of which the bias grows by 10.
std::unique_ptr<Replay> RunAll(std::unique_ptr<DeviceGraph> graph, Course* course,
                               double tolerance = 0) {
  auto replay =
      std::make_unique<Replay>(std::move(graph), std::vector<Tensors>{{course->sum}}, tolerance);
  for (int i = 1; i <= kRuns; ++i) {
    const Tensors inputs = {torch::full({2}, i), torch::full({2}, 10 * i), torch::Tensor()};
    const Tensors outputs =
        replay->Run(inputs, [course](const Tensors& given) { return course->Add(given); });
    course->outputs.push_back(outputs[0][0].item<float>());
    EXPECT_FALSE(outputs[1].defined());
  }
  return replay;
}

void ExpectRight(const Course& course) {
  EXPECT_EQ(course.outputs, (std::vector<float>{11, 23, 36, 50, 65, 81, 98, 116}));
  EXPECT_EQ(course.sum[1].item<float>(), 36);
}

TEST(ReplayTest, WithoutAGraphItIsTheFunction) {
  Course course;
  const auto replay = RunAll(nullptr, &course);
  ExpectRight(course);
  EXPECT_EQ(course.calls, kRuns);
  EXPECT_TRUE(replay->settled());
  EXPECT_FALSE(replay->by_graph());
}

TEST(ReplayTest, AGraphDoesWhatTheFunctionDoes) {
  Course course;
  const auto replay = RunAll(std::make_unique<FakeGraph>(), &course);
  ExpectRight(course);
  EXPECT_TRUE(replay->by_graph());
  EXPECT_EQ(course.calls, kRuns + 1);  // the one that it was checked against
}

TEST(ReplayTest, WhatCannotBeRecordedGoesOnByTheFunction) {
  Course course;
  const auto replay = RunAll(std::make_unique<NoGraph>(), &course);
  ExpectRight(course);
  EXPECT_TRUE(replay->settled());
  EXPECT_FALSE(replay->by_graph());
}

TEST(ReplayTest, WhatCannotStartWhileItIsRecordedIsRunAsItIs) {
  Course course;
  const auto replay = RunAll(std::make_unique<NoLaunchGraph>(), &course);
  ExpectRight(course);
  EXPECT_TRUE(replay->settled());
  EXPECT_FALSE(replay->by_graph());
}

TEST(ReplayTest, AGraphThatBreaksOffLeavesNoTrace) {
  Course course;
  const auto replay = RunAll(std::make_unique<BrokenGraph>(), &course);
  ExpectRight(course);
  EXPECT_FALSE(replay->by_graph());
}

// Adds the same as when it was recorded, whatever it is given.
class StaleGraph : public FakeGraph {
 public:
  explicit StaleGraph(torch::Tensor* instead) : instead_(instead) {}
  void Run() override {
    *instead_ = torch::full({2}, 4);
    work_();
    *instead_ = torch::Tensor();
  }

 private:
  torch::Tensor* instead_;
};

TEST(ReplayTest, AGraphThatDoesNotSeeNewInputsIsNotUsed) {
  torch::Tensor sum = torch::zeros({2});
  torch::Tensor instead;
  Replay replay(std::make_unique<StaleGraph>(&instead), {{sum}}, 0.1);
  const auto add = [&](const Tensors& inputs) {
    sum.add_(instead.defined() ? instead : inputs[0]);
    return Tensors{sum.clone()};
  };
  for (int i = 1; i <= kRuns; ++i) replay.Run({torch::full({2}, i)}, add);
  EXPECT_TRUE(replay.settled());
  EXPECT_FALSE(replay.by_graph());
  EXPECT_EQ(sum[0].item<float>(), 36);
}

// Leaves out what it should put out.
class SilentGraph : public FakeGraph {
 public:
  explicit SilentGraph(bool* silent) : silent_(silent) {}
  void Run() override {
    *silent_ = true;
    work_();
    *silent_ = false;
  }

 private:
  bool* silent_;
};

// As of a conversion, whose only trace is its outputs.
TEST(ReplayTest, AGraphWhoseOutputsAreWrongIsNotUsed) {
  bool silent = false;
  Replay replay(std::make_unique<SilentGraph>(&silent), {}, 0.1);
  const auto twice = [&silent](const Tensors& inputs) {
    return Tensors{silent ? torch::zeros({2}) : 2 * inputs[0]};
  };
  for (int i = 1; i <= kRuns; ++i)
    EXPECT_EQ(replay.Run({torch::full({2}, i)}, twice)[0][0].item<float>(), 2 * i);
  EXPECT_TRUE(replay.settled());
  EXPECT_FALSE(replay.by_graph());
}

// Its changes are a twentieth too large.
class CoarseGraph : public FakeGraph {
 public:
  explicit CoarseGraph(torch::Tensor state) : state_(std::move(state)) {}
  void Run() override {
    const torch::Tensor before = state_.clone();
    work_();
    state_.add_(state_ - before, 0.05);
  }

 private:
  torch::Tensor state_;
};

TEST(ReplayTest, TheToleranceIsAShareOfTheChange) {
  for (const auto& [tolerance, used] : {std::pair{0.04, false}, std::pair{0.06, true}}) {
    Course course;
    const auto replay = RunAll(std::make_unique<CoarseGraph>(course.sum), &course, tolerance);
    EXPECT_EQ(replay->by_graph(), used) << tolerance;
  }
}

// Beside a part that changes much, another's wrong change would not be seen.
TEST(ReplayTest, EachPartIsCheckedByItself) {
  torch::Tensor small = torch::zeros({2});
  torch::Tensor large = torch::zeros({2});
  Replay replay(std::make_unique<CoarseGraph>(small), {{large}, {small}}, 0.04);
  const auto add = [&](const Tensors& inputs) {
    small.add_(inputs[0]);
    large.add_(inputs[0], 1000);
    return Tensors{};
  };
  for (int i = 0; i < kRuns; ++i) replay.Run({torch::ones({2})}, add);
  EXPECT_FALSE(replay.by_graph());
  EXPECT_EQ(small[0].item<float>(), kRuns);
}

TEST(ReplayTest, OtherShapesGoToTheFunction) {
  int calls = 0;
  Replay replay(std::make_unique<FakeGraph>(), {}, 0);
  const auto twice = [&calls](const Tensors& inputs) {
    ++calls;
    return Tensors{inputs[0] * 2};
  };
  for (int i = 0; i < kRuns; ++i) replay.Run({torch::ones({2})}, twice);
  ASSERT_TRUE(replay.by_graph());
  EXPECT_EQ(replay.Run({torch::ones({5})}, twice)[0].numel(), 5);
  EXPECT_FALSE(replay.by_graph());
  EXPECT_EQ(replay.Run({torch::ones({2})}, twice)[0].numel(), 2);
}

class TrainerReplayTest : public testing::Test {
 protected:
  static constexpr PixelShape kShape = {40, 48};
  static constexpr int64_t kRows = 16;

  TrainerReplayTest() {
    WriteNoiseFaces(scratch_ / "noise.pixels", kShape, kRows);
    for (int64_t row = 0; row < kRows; ++row) {
      rows_.source.push_back(row);
      rows_.labels.population.bits.push_back(static_cast<uint64_t>(row) % 4);
    }
    cache_ = std::make_unique<PixelCache>(scratch_ / "noise.pixels");
    rows_.target = rows_.source;
    rows_.labels.population.attributes = {"kept", "aimed"};
    rows_.labels.population.partitions.assign(kRows, 0);
    rows_.labels.population.identities.assign(kRows, -1);
    rows_.labels.learn = rows_.source;
    rows_.labels.kept = {{0, 0.5}};
    rows_.labels.aimed = {{1, true}};
    config_.size = kShape;
    config_.window = "full";
    config_.steps = kSteps;
    config_.batch_size = 4;
    config_.gradient_penalty_steps = 2;
    config_.augment = 0.5;
    config_.noise = 0.1;
    config_.augment_goal = 1;
    config_.keep_goal = 1e-9;  // both are missed
  }

  // The state after a whole run; all four kinds of steps come more than a graph needs to be used.
  std::vector<torch::Tensor> Trained(const std::string& device, const Trainer::GraphMaker& graphs,
                                     int* by_graph) {
    Trainer trainer(config_, {device, Precision::kFp32, 1}, *cache_, rows_, graphs);
    Position position;
    for (; position.step < kSteps; ++position.step) {
      trainer.Step(position);
      *by_graph += trainer.by_graph() ? 1 : 0;
    }
    return trainer.Copy(position).tensors;
  }

  static constexpr int64_t kSteps = 42;
  const Scratch scratch_;
  Config config_ = RecipeDefaults("makeover");
  TrainingRows rows_;
  std::unique_ptr<PixelCache> cache_;
};

TEST_F(TrainerReplayTest, StepsByGraphAreTheSteps) {
  int none = 0;
  int some = 0;
  const auto plain = Trained(
      "cpu", [](const c10::Device&) { return std::unique_ptr<DeviceGraph>(); }, &none);
  const auto replayed = Trained(
      "cpu", [](const c10::Device&) { return std::make_unique<FakeGraph>(); }, &some);
  EXPECT_EQ(none, 0);
  EXPECT_EQ(some, kSteps - 4 * 4);  // each kind warms up and is recorded in its first four
  ASSERT_EQ(plain.size(), replayed.size());
  for (size_t growth : {1, 2}) EXPECT_GT(plain[plain.size() - growth].item<float>(), 0);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_TRUE(torch::equal(plain[i], replayed[i])) << i;
}

TEST_F(TrainerReplayTest, OnAGpuToo) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  int none = 0;
  int some = 0;
  const auto plain = Trained(
      "cuda:0", [](const c10::Device&) { return std::unique_ptr<DeviceGraph>(); }, &none);
  const auto replayed = Trained("cuda:0", MakeDeviceGraph, &some);
  EXPECT_EQ(some, kSteps - 4 * 4);
  // Some biases have no gradient but rounding, of which Adam makes whole steps.
  double off = 0;
  double all = 0;
  for (size_t i = 0; i < plain.size(); ++i) {
    off += (plain[i] - replayed[i]).to(torch::kFloat64).square().sum().item<double>();
    all += plain[i].to(torch::kFloat64).square().sum().item<double>();
  }
  EXPECT_LE(std::sqrt(off), 0.05 * std::sqrt(all));
}

}  // namespace
}  // namespace makeover::engine
