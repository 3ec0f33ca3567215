// The two networks of a makeover, whatever their recipe.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "worker/engine/checkpoint.h"
#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/graph.h"
#include "worker/engine/layers.h"

namespace makeover::engine {

class Generator : public torch::nn::Module {
 public:
  // [N, 3, H, W] in [0, 1] to the same shape, in about [0, 1]; H and W are multiples of 4.
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  // What forward computes in inference mode, with today's weights.
  virtual Graph Describe() const = 0;
};

class Discriminator : public torch::nn::Module {
 public:
  // [N, 3, H, W] in [0, 1] to logits [N, ...], one per part of the picture that is judged for
  // itself: above 0 means "a real target face".
  torch::Tensor forward(const torch::Tensor& x) { return forward(x, type_); }
  // The same, computed in another type.
  virtual torch::Tensor forward(const torch::Tensor& x, torch::ScalarType type) = 0;

 protected:
  explicit Discriminator(torch::ScalarType type) : type_(type) {}

 private:
  torch::ScalarType type_;
};

torch::Device TorchDevice(const Compute& compute);
NetworkOptions OptionsFor(const Config& config, const Compute& compute);

// With the first weights of the configuration's seed: equal seeds give equal weights.
std::shared_ptr<Generator> MakeGenerator(const Config& config, const NetworkOptions& options);
std::shared_ptr<Discriminator> MakeDiscriminator(const Config& config,
                                                 const NetworkOptions& options);

// A checkpoint's averaged generator, in inference mode, on the processor. Throws EngineError of
// class USER where it does not fit, or has weights that are no numbers.
std::shared_ptr<Generator> TrainedGenerator(const CheckpointReader& checkpoint,
                                            const NetworkOptions& options);

// What the generator, in inference mode, makes of pictures [N, 3, H, W], without gradients. On a
// processor each thread takes an equal number of them through all layers, so that none waits for
// the others at every layer; where they cannot be dealt evenly, all threads share each layer. Which
// way is taken follows from N and the number of threads.
torch::Tensor Generated(Generator& generator, const torch::Tensor& pictures);

}  // namespace makeover::engine
