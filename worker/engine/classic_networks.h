// Generator and discriminator of recipe `classic`: the first published version of deep-makeover
// (2017), at any size of picture.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/networks.h"

namespace makeover::engine {

// Its results lie in about [-0.05, 1.05].
class ClassicGenerator : public Generator {
 public:
  explicit ClassicGenerator(const NetworkOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;
  Graph Describe() const override;

  // Near-identity: weights uniform in +-0.1 / (kernel^2 in out), biases 0; a projection, and the
  // output convolution, which is one, adds 1 at the centre tap from channel i to channel i.
  void Initialise(uint64_t seed);

 private:
  // In inference, on kernels: the last convolution's logits in float32.
  torch::Tensor Infer(const torch::Tensor& x);

  torch::ScalarType type_;
  std::vector<ResidualBlock> blocks_;
  Conv output_{nullptr};
};

// Logits [N]. H and W are at least 16.
class ClassicDiscriminator : public Discriminator {
 public:
  using Discriminator::forward;
  explicit ClassicDiscriminator(const NetworkOptions& options);
  torch::Tensor forward(const torch::Tensor& x, torch::ScalarType type) override;

  // As the generator's, but its output convolution is no projection.
  void Initialise(uint64_t seed);

 private:
  std::vector<ResidualBlock> blocks_;
  Conv output_{nullptr};
};

}  // namespace makeover::engine
