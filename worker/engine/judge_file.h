// A judge on disk: one safetensors file. Tensors `judge.*` (the network), `threshold` [attributes],
// `feature_mean` and `feature_deviation` [kJudgeFeatures]; metadata `judge` (the version), `key`,
// `attributes` (joined by blanks), `height`, `width`, `knows_people`.
#pragma once

#include <torch/torch.h>

#include <string>

#include "worker/engine/judge.h"
#include "worker/engine/judge_network.h"

namespace makeover::engine {

inline constexpr char kJudgeVersion[] = "3";

// A judge as it was trained: what its network says still has to be seen against these.
struct TrainedJudge {
  explicit TrainedJudge(int64_t attributes);

  JudgeNetwork network;
  torch::Tensor threshold;          // [attributes], of logits
  torch::Tensor feature_mean;       // [kJudgeFeatures]
  torch::Tensor feature_deviation;  // [kJudgeFeatures], above 0
};

void WriteJudge(const std::string& path, const TrainedJudge& judge, const JudgeInfo& info);

// The file's metadata alone. Throws EngineError of class USER where it is no judge of this version.
JudgeInfo ReadJudgeInfo(const std::string& path);

// REQUIRES: judge was made for as many attributes as the file's.
void ReadJudge(const std::string& path, TrainedJudge* judge);

}  // namespace makeover::engine
