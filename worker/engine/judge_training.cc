#include "worker/engine/judge_training.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "worker/engine/batch.h"
#include "worker/engine/error.h"
#include "worker/engine/judge_file.h"
#include "worker/engine/optimiser.h"
#include "worker/engine/sampler.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {
namespace {

constexpr int64_t kBatch = 64;
constexpr int64_t kEpochs = 30;
constexpr int64_t kPicturesMax = 400'000;  // shown in all
constexpr int64_t kStepsMin = 300;
constexpr int64_t kWarmUpSteps = 100;
constexpr size_t kFacesMin = 32;
constexpr size_t kCalibrateMax = 2000;
constexpr double kRate = 2e-3;
constexpr double kWeightDecay = 0.05;
constexpr double kAverageDecay = 0.99;
constexpr int64_t kShiftMax = 3;           // pixels
constexpr double kIdentityWeight = 0.003;  // beside a mean over attributes
constexpr double kCosineScale = 16;
constexpr double kCosineMargin = 0.2;

// Moved by whole pixels, the edge drawn out.
void PutShifted(const uint8_t* from, PixelShape shape, int64_t dy, int64_t dx, uint8_t* to) {
  for (int64_t y = 0; y < shape.height; ++y) {
    const int64_t from_y = std::clamp<int64_t>(y + dy, 0, shape.height - 1);
    for (int64_t x = 0; x < shape.width; ++x) {
      const int64_t from_x = std::clamp<int64_t>(x + dx, 0, shape.width - 1);
      std::copy_n(from + (from_y * shape.width + from_x) * 3, 3, to + (y * shape.width + x) * 3);
    }
  }
}

class Course {
 public:
  Course(const JudgeCourse& course, const Population& population, const PixelCache& cache,
         const Compute& compute)
      : course_(course),
        population_(population),
        cache_(cache),
        device_(TorchDevice(compute)),
        sampler_(course.learn, course.seed, Stream::kJudgeOrder, Stream::kJudgeFlip),
        network_(Fresh()),
        average_(Fresh()),
        weights_((network_->to(device_), *network_)),
        average_weights_((average_->to(device_), *average_)),
        adam_(weights_.values(), {}) {
    for (const int64_t row : course.learn) {
      const int64_t identity = population.identities[static_cast<size_t>(row)];
      if (identity >= 0) people_.emplace(identity, static_cast<int64_t>(people_.size()));
    }
    average_->eval();
    if (knows_people()) AddPeople();
  }

  bool knows_people() const { return people_.size() >= 2; }
  const JudgeNetwork& average() const { return average_; }

  void Step(int64_t step, int64_t steps) {
    const std::vector<Draw> draws = sampler_.Next(kBatch, true);
    const JudgeOutput output = network_(Relit(Batch(draws, step), step));
    torch::Tensor loss = torch::binary_cross_entropy_with_logits(output.logits, Labels(draws));
    if (knows_people()) loss = loss + kIdentityWeight * IdentityLoss(output.embeddings, draws);
    const double warm = std::min(1.0, static_cast<double>(step + 1) / kWarmUpSteps);
    const double turn = static_cast<double>(step) / static_cast<double>(steps);
    const double rate = kRate * warm * 0.5 * (1 + std::cos(M_PI * turn));
    const torch::Tensor gradient = weights_.Gradient(loss, /*retain_graph=*/knows_people());
    if (knows_people()) StepPeople(loss, rate);
    Decay(weights_.values(), rate);
    adam_.Step(gradient, rate, weights_.values());
    Average(step);
  }

 private:
  JudgeNetwork Fresh() const {
    JudgeNetwork network(static_cast<int64_t>(population_.attributes.size()));
    Initialise(network, course_.seed);
    return network;
  }

  void AddPeople() {
    const auto count = static_cast<int64_t>(people_.size());
    torch::Tensor values = torch::empty({count, kJudgeEmbedding}, torch::kFloat32);
    Random random(course_.seed, Stream::kJudgeWeights, 1);
    float* out = values.data_ptr<float>();
    for (int64_t i = 0; i < values.numel(); ++i)
      out[i] = static_cast<float>(random.Below(2001)) / 1000.0F - 1.0F;
    directions_ = values.to(device_).requires_grad_(true);
    people_adam_ = std::make_unique<Adam>(directions_.detach(), Adam::Options{});
  }

  torch::Tensor Batch(const std::vector<Draw>& draws, int64_t step) const {
    const PixelShape shape = cache_.shape();
    const auto bytes = static_cast<size_t>(shape.bytes());
    std::vector<uint8_t> pixels(draws.size() * bytes);
    std::vector<uint8_t> flips;
    Random random(course_.seed, Stream::kJudgeJitter, static_cast<uint64_t>(2 * step));
    const auto shift = [&random] {
      return static_cast<int64_t>(random.Below(2 * kShiftMax + 1)) - kShiftMax;
    };
    for (size_t i = 0; i < draws.size(); ++i) {
      const int64_t dy = shift();
      PutShifted(cache_.Row(draws[i].row), shape, dy, shift(), pixels.data() + i * bytes);
      flips.push_back(draws[i].flip ? 1 : 0);
    }
    return MakeBatch(pixels.data(), flips, shape, device_);
  }

  // Contrast within 15 %, brightness within 0.05, each colour within 0.03.
  torch::Tensor Relit(const torch::Tensor& x, int64_t step) const {
    Random random(course_.seed, Stream::kJudgeJitter, static_cast<uint64_t>(2 * step + 1));
    const auto draw = [&random](double range) {
      return static_cast<float>(range * (static_cast<double>(random.Below(2001)) / 1000 - 1));
    };
    const torch::Tensor contrast = torch::empty({x.size(0), 1, 1, 1}, torch::kFloat32);
    const torch::Tensor light = torch::empty({x.size(0), 3, 1, 1}, torch::kFloat32);
    for (int64_t i = 0; i < x.size(0); ++i) {
      contrast.data_ptr<float>()[i] = 1 + draw(0.15);
      const float brightness = draw(0.05);
      for (int64_t c = 0; c < 3; ++c) light.data_ptr<float>()[3 * i + c] = brightness + draw(0.03);
    }
    return x * contrast.to(device_) + light.to(device_);
  }

  torch::Tensor Labels(const std::vector<Draw>& draws) const {
    const size_t attributes = population_.attributes.size();
    const torch::Tensor labels = torch::empty(
        {static_cast<int64_t>(draws.size()), static_cast<int64_t>(attributes)}, torch::kFloat32);
    float* out = labels.data_ptr<float>();
    for (const Draw& draw : draws) {
      const uint64_t bits = population_.bits[static_cast<size_t>(draw.row)];
      for (size_t i = 0; i < attributes; ++i) *out++ = static_cast<float>(bits >> i & 1);
    }
    return labels.to(device_);
  }

  // Pictures without an identity are left out.
  torch::Tensor IdentityLoss(const torch::Tensor& embeddings,
                             const std::vector<Draw>& draws) const {
    std::vector<int64_t> known;
    std::vector<int64_t> persons;
    for (size_t i = 0; i < draws.size(); ++i) {
      const auto found = people_.find(population_.identities[static_cast<size_t>(draws[i].row)]);
      if (found == people_.end()) continue;
      known.push_back(static_cast<int64_t>(i));
      persons.push_back(found->second);
    }
    if (known.empty()) return embeddings.sum() * 0;
    const torch::Tensor person = torch::tensor(persons, torch::kLong).to(device_);
    const torch::Tensor some = embeddings.index_select(0, torch::tensor(known).to(device_));
    const torch::Tensor cosines =
        torch::matmul(some, (directions_ / directions_.norm(2, 1, true)).t());
    const torch::Tensor margin =
        torch::zeros_like(cosines).scatter_(1, person.unsqueeze(1), kCosineMargin);
    return torch::cross_entropy_loss(kCosineScale * (cosines - margin), person);
  }

  void StepPeople(const torch::Tensor& loss, double rate) {
    const torch::Tensor gradient = torch::autograd::grad({loss}, {directions_})[0];
    people_adam_->Step(gradient, rate, directions_.detach());
  }

  static void Decay(torch::Tensor values, double rate) {
    const torch::NoGradGuard guard;
    values.mul_(1 - rate * kWeightDecay);
  }

  void Average(int64_t step) {
    const torch::NoGradGuard guard;
    const auto n = static_cast<double>(step);
    const double weight = 1 - std::min(kAverageDecay, (n + 1) / (n + 10));
    torch::Tensor(average_weights_.values()).lerp_(weights_.values(), weight);
    const std::vector<torch::Tensor> live = network_->buffers();
    std::vector<torch::Tensor> average = average_->buffers();
    for (size_t i = 0; i < live.size(); ++i) average[i].lerp_(live[i], weight);
  }

  const JudgeCourse& course_;
  const Population& population_;
  const PixelCache& cache_;
  torch::Device device_;
  Sampler sampler_;
  JudgeNetwork network_;
  JudgeNetwork average_;
  FlatParameters weights_;
  FlatParameters average_weights_;
  Adam adam_;
  std::map<int64_t, int64_t> people_;  // identity to its direction's row
  torch::Tensor directions_;           // [people, kJudgeEmbedding]
  std::unique_ptr<Adam> people_adam_;
};

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
  for (size_t begin = 0; begin < rows.size(); begin += kBatch) {
    std::vector<Draw> draws;
    for (size_t i = begin; i < std::min(rows.size(), begin + kBatch); ++i)
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
  return std::max(kStepsMin, shown / kBatch);
}

bool TrainJudge(const JudgeCourse& course, const Population& population, const PixelCache& cache,
                const Compute& compute, const JudgeSurroundings& around, const std::string& path) {
  RequireFaces(course, population);
  Course training(course, population, cache, compute);
  const int64_t steps = JudgeSteps(course);
  for (int64_t step = 0; step < steps; ++step) {
    if (around.stop()) return false;
    training.Step(step, steps);
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
    return ReadJudgeInfo(path).key == key;
  } catch (const EngineError&) {
    return false;  // of another version, or damaged: trained again
  }
}

}  // namespace makeover::engine
