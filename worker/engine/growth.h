// How strongly a training has to hold something is found out by the training itself: some targets
// and some sets of pictures need more than others.
#pragma once

#include <torch/torch.h>

namespace makeover::engine {

// A factor of a strength, 1 at first, that grows while a goal is missed and falls, not below 1,
// while it is more than met: the multiplier of a constraint, as in GECO (Rezende and Viola, "Taming
// VAEs", 2018). Not thread-safe.
class Growth {
 public:
  // At most `most`, 1 or above.
  Growth(double most, const torch::Device& device);

  // A scalar of its own, from 1 to the most, also where the state is that of a run with a larger
  // one.
  torch::Tensor Factor() const;
  // After a step that missed the goal by `miss`, a scalar that counts from -1 to 1; below 0 the
  // goal was more than met. The factor's logarithm moves by `pace`, a scalar, times that.
  void Learn(const torch::Tensor& miss, const torch::Tensor& pace);

  // The state, a scalar that Learn changes in place.
  const torch::Tensor& log() const { return log_; }

 private:
  double most_;
  torch::Tensor log_;  // the factor's logarithm
};

}  // namespace makeover::engine
