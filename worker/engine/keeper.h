// Keeps what a makeover shall not change. Beside the other two a third network, the reader, learns
// to read those attributes off real faces; the generator loses where a result reads otherwise than
// its source is labelled: the attribute classification constraint of AttGAN (He and others, 2019).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "worker/engine/checkpoint.h"
#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/kept_labels.h"
#include "worker/engine/networks.h"
#include "worker/engine/optimiser.h"
#include "worker/engine/sampler.h"

namespace makeover::engine {

// Not thread-safe. Equal state and pictures give equal bits, as with the trainer.
class Keeper {
 public:
  // REQUIRES: labels has names, and bits for every row that is drawn.
  Keeper(const Config& config, const Compute& compute, const KeptLabels& labels);

  // [N, K] of 0 and 1, float32.
  torch::Tensor LabelsOf(const std::vector<Draw>& draws) const;

  // Mean cross entropy between labels [N, K] and what the reader sees in pictures [N, 3, H, W],
  // each a little shifted and recoloured by `chance`, lest it learn faces by heart.
  torch::Tensor Loss(const torch::Tensor& pictures, const torch::Tensor& labels,
                     const Random& chance);

  // One step of the reader down the loss. Frees the loss's graph.
  void Learn(const torch::Tensor& loss, double rate);

  // The reader and its optimiser, but for the count of its steps.
  NamedTensors State() const;
  int64_t steps() const { return adam_.steps; }
  void SetSteps(int64_t steps) { adam_.steps = steps; }

 private:
  KeptLabels labels_;
  torch::Device device_;
  std::shared_ptr<Discriminator> reader_;
  FlatParameters weights_;
  Adam adam_;
};

}  // namespace makeover::engine
