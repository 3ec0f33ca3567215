// How far results are from the target faces in what an attribute reader sees of them: the squared
// maximum mean discrepancy (Gretton and others, 2012) with the cubic kernel of the kernel
// inception distance (Binkowski and others, 2018), as `attribute-KID` is by a judge's features.
// Unlike a discriminator, it sees a face as a whole, and all targets at once.
#pragma once

#include <torch/torch.h>

namespace makeover::engine {

// Not thread-safe.
class TargetFeatures {
 public:
  // Of targets, as often as they shall count: [M, features]. What was held before is overwritten
  // in place, since a recorded step reads it there. REQUIRES: M >= 2, always as many.
  void Hold(const torch::Tensor& features);

  // Of results, [N, features]: a scalar, 0 on average where they are as the targets; a batch's own
  // may lie below. REQUIRES: N >= 2; Hold was called.
  torch::Tensor Distance(const torch::Tensor& features) const;

 private:
  torch::Tensor mean_, deviation_;  // [1, features]
  torch::Tensor targets_;           // [M, features], less the mean, in deviations
  torch::Tensor within_;            // scalar: the targets' part of the distance
};

}  // namespace makeover::engine
