// Generator and discriminator of recipe `makeover`. The generator works at half the picture's size
// and below, and adds a masked change to the picture, so that what need not change stays as sharp
// as it was. RECIPES.md says what it was measured against.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/networks.h"

namespace makeover::engine {

struct MakeoverSize {
  int64_t generator_channels = 48;  // at half the picture's size; twice as many below
  int64_t generator_blocks = 3;     // residual blocks at the lowest level
  int64_t discriminator_channels = 32;
  double chroma_blur = 0;  // deviation of the blur of a change's colour, a share of the width
};

// Halvings of the generator: as many as leave 20 pixels or more on the short side and divide both
// sides, at least 1: 1 for 40x48, 2 for 80x100, 3 for 256x256.
int64_t GeneratorLevels(int64_t height, int64_t width);

// Halvings of the discriminator: as many as leave 5 pixels or more on the short side: 3, 4 and 5
// for the same sizes.
int64_t DiscriminatorLevels(int64_t height, int64_t width);

// x + mask * change, mask in (0, 1) and change in (-1, 1). Levels are joined by sums (as U-Net's,
// Ronneberger 2015, are by concatenation); a change mask as in GANimation (Pumarola 2018). Where
// asked for, the change's colour is blurred and its brightness, the mean of its channels, is not:
// as pictures are stored (4:2:0, ITU-T T.871), for eyes that see little of where colours end.
class MakeoverGenerator : public Generator {
 public:
  MakeoverGenerator(const MakeoverSize& size, const NetworkOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override;
  Graph Describe() const override;

  // Uniform with the inputs' variance, the last convolution of each branch with a tenth of it and
  // the output with a hundredth: the untrained network is near the identity.
  void Initialise(uint64_t seed);

 private:
  // What the last convolution gives of a picture in the networks' range.
  torch::Tensor Output(const torch::Tensor& picture);
  // The same on kernels in inference, where layers take over what stands beside them.
  torch::Tensor InferOutput(const torch::Tensor& picture);
  torch::Tensor InferDown(const torch::Tensor& picture, std::vector<torch::Tensor>* joins);
  torch::Tensor Up(torch::Tensor y, std::vector<torch::Tensor> joins);
  torch::Tensor WithBlurredChroma(const torch::Tensor& change) const;

  torch::ScalarType type_;
  Conv stem_{nullptr};
  std::vector<ResidualBlock> down_;    // one per level
  std::vector<ResidualBlock> middle_;  // at the lowest level
  std::vector<ResidualBlock> up_;      // one per level but the lowest
  Conv narrow_{nullptr};               // to few channels before the picture's own size
  Conv detail_{nullptr};               // of the picture itself, joined to them
  Conv refine_{nullptr};
  Conv output_{nullptr};       // the change and the mask's logit
  torch::Tensor chroma_blur_;  // [3, 3, n, n], or none
};

// Strided convolutions with leaky ReLU 0.2, no normalisation; a logit per patch: [N, h, w].
class MakeoverDiscriminator : public Discriminator {
 public:
  using Discriminator::forward;
  MakeoverDiscriminator(const MakeoverSize& size, const NetworkOptions& options);
  torch::Tensor forward(const torch::Tensor& x, torch::ScalarType type) override;

  // Uniform after He (2015).
  void Initialise(uint64_t seed);

 private:
  std::vector<Conv> halvings_;
  std::vector<Conv> convs_;  // one behind each halving but the first
  Conv output_{nullptr};
};

}  // namespace makeover::engine
