// Parameters as one flat tensor, and Adam over it: few large operations instead of many small ones.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace makeover::engine {

// Moves a module's parameters into one tensor, of which they become views. The module keeps its
// weights.
class FlatParameters {
 public:
  // REQUIRES: the module is on its device already, its parameters are float32, and it is not moved
  // afterwards.
  explicit FlatParameters(torch::nn::Module& module);

  const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  const torch::Tensor& values() const { return values_; }
  // d loss / d values, 0 for parameters that the loss does not depend on. The graph is kept where
  // `retain_graph`.
  torch::Tensor Gradient(const torch::Tensor& loss, bool retain_graph) const;

 private:
  std::vector<torch::Tensor> parameters_;
  torch::Tensor values_;  // [sum of sizes], in the order of module.parameters()
};

// Adam with bias correction (Kingma and Ba, 2015), and with clipped updates (Shazeer and Stern,
// Adafactor, 2018) where asked for: a gradient that is much larger than those before moves every
// weight by many times the rate, which a discriminator may not come back from.
class Adam {
 public:
  struct Options {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    // Most that a gradient may be, in deviations, in root mean square over all values: a larger one
    // is shortened before it enters the mean. 0: any.
    double clip = 0;
  };
  Adam(const torch::Tensor& values, const Options& options);

  // What the next step takes beside the gradient, and counts it.
  struct Rates {
    float step = 0;       // the rate over the mean's correction
    float deviation = 0;  // the correction of the deviation
  };
  Rates Next(double rate);
  // `step` and `deviation` are scalars on the device, of the rates that Next gave: so a device can
  // run the same step again with others.
  void Step(const torch::Tensor& gradient, const torch::Tensor& step,
            const torch::Tensor& deviation, torch::Tensor values);

  // State, for checkpoints: shaped as the values.
  torch::Tensor mean;      // of gradients
  torch::Tensor variance;  // of gradients, uncentred
  int64_t steps = 0;

 private:
  torch::Tensor Clipped(const torch::Tensor& gradient, const torch::Tensor& deviations) const;

  Options options_;
};

}  // namespace makeover::engine
