// How strongly a training has to hold what shall be kept is found out by the training itself: some
// targets change it by the way more than others.
#pragma once

#include <torch/torch.h>

namespace makeover::engine {

// A factor of the weight of what is kept, 1 at first, that grows while a larger share of readings
// turns over than the goal, and falls, not below 1, while a smaller one does: the multiplier of a
// constraint, as in GECO (Rezende and Viola, "Taming VAEs", 2018). Not thread-safe.
class KeepGrowth {
 public:
  static constexpr double kMost = 4;

  // The goal is a share above 0 (see AttributeReader::Losses).
  KeepGrowth(double goal, const torch::Device& device);

  // A scalar of its own, from 1 to kMost.
  torch::Tensor Factor() const { return log_.exp(); }
  // After a step whose results turned over such a share, a scalar. `pace`, a scalar, is at most how
  // far the factor's logarithm moves: as far where no reading turned over, or twice the goal.
  void Learn(const torch::Tensor& kept, const torch::Tensor& pace);

  // The state, a scalar that Learn changes in place.
  const torch::Tensor& log() const { return log_; }

 private:
  double goal_;
  torch::Tensor log_;  // the factor's logarithm
};

}  // namespace makeover::engine
