// A judge's network as it learns: attributes by cross-entropy; people, where it shall know them, by
// cosines to one direction per person with a margin (Wang and others, CosFace, 2018); AdamW,
// mirrored, shifted and re-lit pictures, averaged weights.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "worker/engine/judge_network.h"
#include "worker/engine/optimiser.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/population.h"
#include "worker/engine/random.h"
#include "worker/engine/sampler.h"
#include "worker/engine/tensor_file.h"

namespace makeover::engine {

inline constexpr int64_t kJudgeBatch = 64;  // faces a step

// A generator of the device's kind: what it draws next follows from `chance` alone.
torch::Generator Seeded(const torch::Device& device, Random chance);

// Normal noise for pictures such as `like`, [N, 3, H, W], for each of a deviation drawn between 0
// and `most`.
torch::Tensor DrawNoise(const torch::Tensor& like, double most, const torch::Generator& random);

// Not thread-safe. On the processor equal state and faces give equal bits after each step.
class JudgeLearner {
 public:
  struct Lessons {
    std::vector<int64_t> rows;  // of the cache, and known to the population
    uint64_t seed = 1;
    bool people = false;  // where the population knows two or more of them
    double noise = 0;     // its largest deviation in the pictures shown, which lie in [0, 1]
    torch::ScalarType type = torch::kFloat32;  // in which convolutions compute
  };

  // REQUIRES: population and cache outlive the learner; rows is not empty.
  JudgeLearner(Lessons lessons, const Population& population, const PixelCache& cache,
               const torch::Device& device);

  // All of a step that is not the networks' state, on the device.
  struct Lesson {
    torch::Tensor pictures;           // [N, 3, H, W]
    torch::Tensor labels;             // [N, attributes]
    torch::Tensor known, identities;  // the faces whose person is known, and their numbers
    torch::Tensor rates;              // [kRates]
    Heard heard;

    bool any() const { return pictures.defined(); }
    std::vector<torch::Tensor*> Tensors();
  };

  // Takes the next faces. `done` is the share of all lessons that was had before, from 0 to 1: the
  // rate falls with it.
  Lesson Next(double done);
  // Learns from them, and returns the loss, a scalar. A function of the lesson and the state alone,
  // which a device can run again.
  torch::Tensor Learn(const Lesson& lesson);

  // The averaged network, in inference mode; its weights want no gradients.
  JudgeNetwork average() const { return average_; }
  bool knows_people() const { return people_.size() >= 2; }

  // Network, average and optimiser, but for the count of steps. REQUIRES: it knows no people.
  NamedTensors State() const;
  int64_t steps() const { return adam_.steps; }
  void SetSteps(int64_t steps) { adam_.steps = steps; }

 private:
  JudgeNetwork Fresh() const;
  void AddPeople();
  torch::Tensor Batch(const std::vector<Draw>& draws) const;  // [N, 3, H, W]
  torch::Tensor Relit(const torch::Tensor& x) const;          // likewise
  void AddKnown(const std::vector<Draw>& draws, Lesson* lesson) const;
  torch::Tensor Labels(const std::vector<Draw>& draws) const;  // [N, attributes]
  torch::Tensor Rates(double rate);                            // counts the step
  torch::Tensor IdentityLoss(const torch::Tensor& embeddings, const Lesson& lesson) const;
  void StepPeople(const torch::Tensor& loss, const torch::Tensor& rates);
  void Average(const torch::Tensor& weight);
  enum Rate { kStep, kDeviation, kPeopleStep, kPeopleDeviation, kDecay, kAverage, kRates };

  Lessons lessons_;
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

}  // namespace makeover::engine
