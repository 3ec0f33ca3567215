// A third network beside generator and discriminator, which learns to read attributes off real
// faces. The generator loses where it reads a result otherwise than it shall be: kept attributes as
// in the source, aimed ones as the target filter says. This is the attribute
// classification constraint of AttGAN (He and others, 2019).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "worker/engine/checkpoint.h"
#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/face_labels.h"
#include "worker/engine/networks.h"
#include "worker/engine/optimiser.h"
#include "worker/engine/random.h"

namespace makeover::engine {

// Not thread-safe. Equal state and pictures give equal bits, as with the trainer.
class AttributeReader {
 public:
  // Mean cross entropies, scalars; undefined where the labels have none of the kind.
  struct Losses {
    torch::Tensor kept, aimed;
  };

  // REQUIRES: labels has names.
  AttributeReader(const Config& config, const Compute& compute, const FaceLabels& labels);

  // Of results and their sources, both [N, 3, H, W]: kept attributes shall read as they do in the
  // source, by whatever certainty. Pictures are read a little shifted and recoloured by `chance`,
  // lest the reader learn faces by heart.
  Losses OfResults(const torch::Tensor& results, const torch::Tensor& sources,
                   const Random& chance);

  // Mean cross entropy between labels [N, K] and what is read off pictures [N, 3, H, W].
  torch::Tensor OfFaces(const torch::Tensor& pictures, const torch::Tensor& labels,
                        const Random& chance);

  // One step of the reader down the loss. Frees the loss's graph.
  void Learn(const torch::Tensor& loss, double rate);

  // The reader and its optimiser, but for the count of its steps.
  NamedTensors State() const;
  int64_t steps() const { return adam_.steps; }
  void SetSteps(int64_t steps) { adam_.steps = steps; }

 private:
  torch::Tensor Logits(const torch::Tensor& pictures, const Random& chance);  // [N, K]
  // The same from 0 to 1, as constants.
  torch::Tensor Certainties(const torch::Tensor& pictures, const Random& chance);

  int64_t kept_;
  torch::Tensor aimed_;  // [1, K - kept] of 0 and 1
  std::shared_ptr<Discriminator> network_;
  FlatParameters weights_;
  Adam adam_;
};

}  // namespace makeover::engine
