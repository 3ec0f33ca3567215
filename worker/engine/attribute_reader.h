// A third network beside generator and discriminator, a judge's, which learns to read attributes
// off real faces early in a training. The generator loses where it reads a result otherwise than it
// shall be: kept attributes as in the source, aimed ones as the target filter says. This is the
// attribute classification constraint of AttGAN (He and others, 2019). It learns from all faces
// that may be trained with, not from the two families alone: among the targets all women may be
// young, and who saw no others takes a woman's face for a young one.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "worker/engine/augment.h"
#include "worker/engine/config.h"
#include "worker/engine/face_labels.h"
#include "worker/engine/judge_learner.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/random.h"
#include "worker/engine/tensor_file.h"

namespace makeover::engine {

// Not thread-safe. Equal state and pictures give equal bits, as with the trainer.
class AttributeReader {
 public:
  // Scalars; undefined where the labels have none of the kind. Kept: about the share of attributes
  // that are read otherwise, from 0 to 1. Aimed: the mean cross entropy.
  struct Losses {
    torch::Tensor kept, aimed;
  };

  struct Options {
    uint64_t seed = 1;
    double turnover = 1;                       // see Config::keep_turnover
    torch::ScalarType type = torch::kFloat32;  // of its convolutions
  };

  // REQUIRES: labels.any(); labels and cache outlive the reader.
  AttributeReader(const Options& options, const FaceLabels& labels, const PixelCache& cache,
                  const torch::Device& device);

  // How the pictures of a step are read: a little shifted, recoloured and noisy, and by some of the
  // reader's features, lest the generator learn to please this one reader alone.
  struct Glance {
    Augmentation augmentation;
    torch::Tensor noise;  // [N, 3, H, W]
    Heard heard;

    std::vector<torch::Tensor*> Tensors();
  };
  // For pictures such as `like`, [N, 3, H, W].
  Glance DrawGlance(const torch::Tensor& like, const Random& chance) const;

  // Of results and their sources, both [N, 3, H, W]: kept attributes shall not read
  // otherwise than in the source; with a turnover of 1 they may read so with more certainty.
  Losses OfResults(const torch::Tensor& results, const torch::Tensor& sources,
                   const Glance& glance) const;

  // The next faces to learn from, where `progress`, the share of the training that is done, is
  // below kLearnShare; later on none.
  JudgeLearner::Lesson NextLesson(double progress);
  // The loss, a scalar; undefined where the lesson has no faces.
  torch::Tensor Learn(const JudgeLearner::Lesson& lesson);
  static constexpr double kLearnShare = 1.0 / 3;

  // The reader and its optimiser, but for the count of its steps.
  NamedTensors State() const { return learner_.State(); }
  int64_t steps() const { return learner_.steps(); }
  void SetSteps(int64_t steps) { learner_.SetSteps(steps); }

 private:
  torch::Tensor Logits(const torch::Tensor& pictures, const Glance& glance) const;  // [N, K]
  torch::Tensor ConstantLogits(const torch::Tensor& pictures, const Glance& glance) const;
  // Scalar, of the kept attributes' logits, both [N, kept].
  torch::Tensor Changed(const torch::Tensor& sources, const torch::Tensor& results) const;

  torch::Tensor kept_;    // numbers of attributes, [kept]
  torch::Tensor lines_;   // above them lie the logits of sources that have it, in their
                          // deviations from their mean: [1, kept]
  torch::Tensor aimed_;   // likewise, [aimed]
  torch::Tensor values_;  // 0 or 1, [1, aimed]
  double turnover_;
  torch::ScalarType type_;
  mutable JudgeLearner learner_;  // its network's forward() is not const
};

}  // namespace makeover::engine
