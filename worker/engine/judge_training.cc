#include "worker/engine/judge_training.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "worker/engine/batch.h"
#include "worker/engine/error.h"
#include "worker/engine/judge_file.h"
#include "worker/engine/judge_learner.h"
#include "worker/engine/networks.h"

namespace makeover::engine {
namespace {

constexpr int64_t kEpochs = 30;
constexpr int64_t kPicturesMax = 400'000;  // shown in all
constexpr int64_t kStepsMin = 300;
constexpr size_t kFacesMin = 32;
constexpr size_t kCalibrateMax = 2000;

void RequireFaces(const JudgeCourse& course, const Population& population) {
  if (population.attributes.empty()) {
    throw EngineError(ErrorClass::kUser, "no_attributes",
                      "The dataset has no attributes, so a judge cannot learn any.",
                      "Put the pictures of each kind in a folder of its own, or add an attribute "
                      "file.");
  }
  if (std::min(course.learn.size(), course.calibrate.size()) >= kFacesMin) return;
  throw EngineError(ErrorClass::kUser, "too_few_pictures",
                    "A judge needs " + std::to_string(kFacesMin) +
                        " faces to learn from and as many to set its thresholds; there are " +
                        std::to_string(course.learn.size()) + " and " +
                        std::to_string(course.calibrate.size()) + ".",
                    "Use a larger dataset.");
}

// Logits and features of rows in inference mode.
JudgeOutput LookAt(JudgeNetwork network, const std::vector<int64_t>& rows, const PixelCache& cache,
                   const torch::Device& device) {
  const torch::NoGradGuard guard;
  std::vector<torch::Tensor> logits;
  std::vector<torch::Tensor> features;
  for (size_t begin = 0; begin < rows.size(); begin += kJudgeBatch) {
    std::vector<Draw> draws;
    for (size_t i = begin; i < std::min(rows.size(), begin + kJudgeBatch); ++i)
      draws.push_back({rows[i], false});
    const torch::Tensor batch = MakeBatch(cache, draws, device);
    const JudgeOutput plain = network(batch);
    const JudgeOutput mirrored = network(batch.flip({3}));
    logits.push_back(((plain.logits + mirrored.logits) / 2).to(torch::kCPU));
    features.push_back(((plain.features + mirrored.features) / 2).to(torch::kCPU));
  }
  return {torch::cat(logits), torch::cat(features), torch::Tensor()};
}

// Halfway between the logits of which as many lie above as faces have the attribute; for one that
// all or no faces have, where the odds are even.
float ThresholdOf(const torch::Tensor& logits, int64_t with) {
  const int64_t count = logits.size(0);
  if (with == 0 || with == count) return 0;
  const torch::Tensor sorted = std::get<0>(torch::sort(logits.contiguous(), 0, true));
  return (sorted[with - 1].item<float>() + sorted[with].item<float>()) / 2;
}

TrainedJudge Calibrated(const JudgeNetwork& network, const std::vector<int64_t>& rows,
                        const Population& population, const PixelCache& cache,
                        const torch::Device& device) {
  const auto attributes = static_cast<int64_t>(population.attributes.size());
  TrainedJudge judge(attributes);
  judge.network = network;
  const JudgeOutput seen = LookAt(network, rows, cache, device);
  for (int64_t i = 0; i < attributes; ++i) {
    const auto has = [&](int64_t row) {
      return (population.bits[static_cast<size_t>(row)] >> i & 1) != 0;
    };
    judge.threshold[i] =
        ThresholdOf(seen.logits.select(1, i), std::count_if(rows.begin(), rows.end(), has));
  }
  judge.feature_mean = seen.features.mean(0);
  judge.feature_deviation = seen.features.std(0) + 1e-3;
  return judge;
}

}  // namespace

JudgeCourse CourseOf(Role role, const Population& population, const Division& division,
                     const PixelCache& cache, const std::string& dataset) {
  const auto usable = [&cache](const std::vector<int64_t>& rows) {
    std::vector<int64_t> there;
    for (const int64_t row : rows) {
      if (row < cache.rows() && cache.Has(row)) there.push_back(row);
    }
    return there;
  };
  const bool guide = role == Role::kGuide;
  JudgeCourse course;
  course.seed = guide ? 1 : 2;
  course.learn = usable(guide ? division.a : division.b);
  course.calibrate = usable(guide ? division.b : division.a);
  if (course.calibrate.size() > kCalibrateMax) course.calibrate.resize(kCalibrateMax);
  course.key =
      std::string("judge ") + kJudgeVersion + (guide ? " a" : " b") + ", dataset " + dataset +
      ", people " + Fingerprint(population) + ", " + std::to_string(cache.shape().width) + "x" +
      std::to_string(cache.shape().height) + ", " + std::to_string(course.learn.size()) + "+" +
      std::to_string(course.calibrate.size()) + " faces, seed " + std::to_string(course.seed);
  return course;
}

int64_t JudgeSteps(const JudgeCourse& course) {
  const int64_t shown = std::min(static_cast<int64_t>(course.learn.size()) * kEpochs, kPicturesMax);
  return std::max(kStepsMin, shown / kJudgeBatch);
}

bool TrainJudge(const JudgeCourse& course, const Population& population, const PixelCache& cache,
                const Compute& compute, const JudgeSurroundings& around, const std::string& path) {
  RequireFaces(course, population);
  JudgeLearner training({course.learn, course.seed, /*people=*/true}, population, cache,
                        TorchDevice(compute));
  const int64_t steps = JudgeSteps(course);
  for (int64_t step = 0; step < steps; ++step) {
    if (around.stop()) return false;
    training.Learn(training.Next(static_cast<double>(step) / static_cast<double>(steps)));
    around.progress(step + 1);
  }
  const TrainedJudge judge =
      Calibrated(training.average(), course.calibrate, population, cache, TorchDevice(compute));
  WriteJudge(path, judge,
             {course.key, population.attributes, cache.shape(), training.knows_people()});
  return true;
}

std::string JudgePath(const std::string& folder, const std::string& key) {
  uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a; the whole key stands in the file
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  char name[64];
  std::snprintf(name, sizeof name, "/judge-%016llx.safetensors",
                static_cast<unsigned long long>(hash));
  return folder + name;
}

bool HasJudge(const std::string& path, const std::string& key) {
  if (!std::filesystem::exists(path)) return false;
  try {
    const JudgeInfo info = ReadJudgeInfo(path);
    TrainedJudge judge(static_cast<int64_t>(info.attributes.size()));
    ReadJudge(path, &judge);
    return info.key == key;
  } catch (const EngineError&) {
    return false;  // of another version, or damaged: trained again
  }
}

}  // namespace makeover::engine
