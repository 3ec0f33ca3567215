// What a training step is given.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "worker/engine/attribute_reader.h"
#include "worker/engine/augment.h"
#include "worker/engine/judge_learner.h"

namespace makeover::engine {

// All that a step takes beside the networks' state: faces, chance and rates, on the device. So the
// step is a function of tensors, which a device can replay. Undefined is what the recipe has none
// of.
struct StepInputs {
  // Places in `rates`.
  enum Rate : int64_t {
    kAdversarialShare,
    kPixelShare,
    kKeepWeight,
    kGrowthPace,
    kGeneratorStep,
    kGeneratorDeviation,
    kDiscriminatorStep,
    kDiscriminatorDeviation,
    kAverage,
    kRates
  };

  torch::Tensor source, target;  // [N, 3, H, W]
  torch::Tensor noise;           // likewise, for both
  Augmentation on_result, on_target;
  AttributeReader::Glance glance;  // at results and sources
  JudgeLearner::Lesson lesson;     // for the attribute reader
  torch::Tensor rates;             // [kRates]
  bool penalty = false;            // whether R1's is due

  // Steps of one kind are the same operations.
  int kind() const { return (penalty ? 1 : 0) + (lesson.any() ? 2 : 0); }

  std::vector<torch::Tensor*> Tensors() {
    std::vector<torch::Tensor*> all = {&source, &target, &noise, &rates};
    for (const auto& part :
         {on_result.Tensors(), on_target.Tensors(), glance.Tensors(), lesson.Tensors()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }
};

}  // namespace makeover::engine
