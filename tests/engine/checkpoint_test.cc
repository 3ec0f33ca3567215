#include "worker/engine/checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/engine/scratch.h"
#include "worker/engine/error.h"
#include "worker/engine/json.h"
#include "worker/engine/judge_file.h"
#include "worker/engine/judge_training.h"

namespace makeover::engine {
namespace {

using Metadata = std::map<std::string, std::string>;

// Files written by hand, whole as safetensors and yet no checkpoints or judges.
class CheckpointTest : public testing::Test {
 protected:
  static Metadata Right() {
    return {{"recipe", "classic"},
            {"step", "7"},
            {"config", ConfigToJson(RecipeDefaults("classic")).Write()},
            {"dataset", ""}};
  }

  CheckpointReader Written(const Metadata& metadata, const NamedTensors& tensors = {},
                           int64_t integer = 0, double number = 0) const {
    const auto bytes = [](const auto& value) {
      return std::string_view(reinterpret_cast<const char*>(&value), sizeof value);
    };
    WriteTensors(path_,
                 {{"integer", "I64", {}, bytes(integer)}, {"number", "F64", {}, bytes(number)}},
                 tensors, metadata);
    return CheckpointReader(path_);
  }

  // What is said of the work's failure; "" where it does not fail.
  template <typename Work>
  static std::string Refusal(const Work& work, const std::string& code = "bad_checkpoint") {
    try {
      work();
    } catch (const EngineError& error) {
      EXPECT_EQ(error.error_class(), ErrorClass::kUser);
      EXPECT_EQ(error.code(), code);
      return error.what();
    }
    return "";
  }

  static bool Says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  const Scratch scratch_;
  const std::string path_ = scratch_ / "a.safetensors";
};

TEST_F(CheckpointTest, WhatIsRightIsRead) {
  const torch::Tensor there = torch::arange(6, torch::kFloat32).view({2, 3});
  const CheckpointReader reader = Written(Right(), {{"there", there}}, 5, 0.25);
  EXPECT_EQ(reader.info().step, 7);
  EXPECT_EQ(reader.Integer("integer"), 5);
  EXPECT_EQ(reader.Number("number"), 0.25);
  const torch::Tensor read = torch::zeros({2, 3});
  reader.Load({{"there", read}});
  EXPECT_TRUE(torch::equal(read, there));
}

TEST_F(CheckpointTest, MetadataThatIsNotThereOrNotRightIsRefused) {
  for (const auto& [key, value] : Right()) {
    Metadata some = Right();
    some.erase(key);
    EXPECT_TRUE(Says(Refusal([&] { Written(some); }), "no '" + key + "'")) << key;
  }
  for (const char* step : {"", "x", "7x", "-7", "99999999999999999999"}) {
    Metadata other = Right();
    other["step"] = step;
    EXPECT_TRUE(Says(Refusal([&] { Written(other); }), "its step is")) << step;
  }
  Metadata other = Right();
  other["config"] = "{";
  EXPECT_TRUE(Says(Refusal([&] { Written(other); }), "no JSON"));
}

TEST_F(CheckpointTest, TensorsThatAreNotThereOrNotRightAreRefused) {
  const CheckpointReader reader = Written(Right(), {{"there", torch::zeros({2, 3})}});
  const auto refusal = [&reader](const std::string& name, const torch::Tensor& tensor) {
    return Refusal([&] { reader.Load({{name, tensor}}); });
  };
  EXPECT_TRUE(Says(refusal("here", torch::zeros({2, 3})), "no tensor here"));
  EXPECT_TRUE(Says(refusal("there", torch::zeros({3, 2})), "shape [2, 3], not [3, 2]"));
  EXPECT_TRUE(Says(refusal("there", torch::zeros({2})), "shape [2, 3], not [2]"));
  EXPECT_TRUE(Says(refusal("integer", torch::zeros({})), "type I64, not F32"));
  EXPECT_TRUE(Says(Refusal([&] { reader.Integer("number"); }), "type F64, not I64"));
  EXPECT_TRUE(Says(Refusal([&] { reader.Number("there"); }), "type F32, not F64"));
}

TEST_F(CheckpointTest, CountsAreNeverNegativeAndTimesAreNumbers) {
  for (const int64_t wrong :
       {int64_t{-1}, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    const CheckpointReader reader = Written(Right(), {}, wrong);
    EXPECT_TRUE(Says(Refusal([&] { reader.Integer("integer"); }), std::to_string(wrong)));
  }
  for (const double wrong : {std::nan(""), HUGE_VAL}) {
    const CheckpointReader reader = Written(Right(), {}, 0, wrong);
    EXPECT_TRUE(Says(Refusal([&] { reader.Number("number"); }), "no number"));
    EXPECT_FALSE(std::isfinite(reader.Figure("number")));
  }
}

TEST_F(CheckpointTest, JudgesOfOtherShapesAndVersionsAreRefused) {
  WriteJudge(path_, TrainedJudge(3), {"key", {"a", "b", "c"}, {100, 80}, false});
  EXPECT_EQ(ReadJudgeInfo(path_).attributes.size(), 3U);
  const auto read = [this](int64_t attributes) {
    TrainedJudge judge(attributes);
    ReadJudge(path_, &judge);
  };
  EXPECT_EQ(Refusal([&] { read(3); }), "");
  EXPECT_TRUE(Says(Refusal([&] { read(4); }, "bad_judge"), "shape [3"));
  EXPECT_TRUE(HasJudge(path_, "key"));
  EXPECT_FALSE(HasJudge(path_, "other key"));
  TrainedJudge damaged(3);
  damaged.threshold[1] = std::nan("");
  WriteJudge(path_, damaged, {"key", {"a", "b", "c"}, {100, 80}, false});
  EXPECT_TRUE(Says(Refusal([&] { read(3); }, "bad_judge"), "no number"));
  EXPECT_FALSE(HasJudge(path_, "key")) << "it is to be trained again";
  WriteTensors(path_, {}, {}, {{"judge", "0"}});
  EXPECT_TRUE(Says(Refusal([&] { ReadJudgeInfo(path_); }, "bad_judge"), "of version 0"));
  WriteTensors(path_, {}, {}, {});
  EXPECT_TRUE(Says(Refusal([&] { ReadJudgeInfo(path_); }, "bad_judge"), "no 'judge'"));
}

}  // namespace
}  // namespace makeover::engine
