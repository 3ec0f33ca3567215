// The judge's network: reads a face's attributes, and places the face among others.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "worker/engine/judge.h"

namespace makeover::engine {

// Batch normalisation with scale and shift (Ioffe and Szegedy, 2015) of [N, channels, ...].
class BatchNormImpl : public torch::nn::Module {
 public:
  explicit BatchNormImpl(int64_t channels);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::Tensor scale_, shift_, running_mean_, running_var_;  // [channels]
};
TORCH_MODULE(BatchNorm);

// A convolution with "same" padding at stride 1 or 2, in the type of what it is given, then batch
// normalisation.
class NormedConvImpl : public torch::nn::Module {
 public:
  NormedConvImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  int64_t stride_;
  int64_t padding_;
  torch::Tensor weight_;  // [out, in, kernel, kernel]
  BatchNorm norm_{nullptr};
};
TORCH_MODULE(NormedConv);

// Halves both sides, then relu(projection + conv(relu(conv))) (He, Zhang, Ren, Sun 2016).
class JudgeBlockImpl : public torch::nn::Module {
 public:
  JudgeBlockImpl(int64_t in, int64_t out);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  NormedConv conv1_{nullptr};
  NormedConv conv2_{nullptr};
  NormedConv projection_{nullptr};
};
TORCH_MODULE(JudgeBlock);

struct JudgeOutput {
  torch::Tensor logits;      // [N, attributes]
  torch::Tensor features;    // [N, kJudgeFeatures], from 0
  torch::Tensor embeddings;  // [N, kJudgeEmbedding], of length 1
};

// Factors for what the dense layer and the attributes' head hear, 0 for what is dropped out, on
// average 1: [N, channels x places] and [N, kJudgeFeatures]. Undefined: all is heard.
struct Heard {
  torch::Tensor trunk, features;

  std::vector<torch::Tensor*> Tensors() { return {&trunk, &features}; }
};

// [N, 3, H, W] in [0, 1], H and W at least 32. A trunk of convolutions, a dense layer that knows
// where in the face something is (its outputs are the features), and two linear heads on it.
class JudgeNetworkImpl : public torch::nn::Module {
 public:
  explicit JudgeNetworkImpl(int64_t attributes);
  // Its convolutions compute in `type`; what they know is float32, and so are the outputs.
  JudgeOutput forward(const torch::Tensor& x, const Heard& heard = {},
                      torch::ScalarType type = torch::kFloat32);
  // For so many faces, on the network's device: each with the chance at which a judge learns.
  Heard DrawHeard(int64_t count, const torch::Generator& random) const;

 private:
  NormedConv stem_{nullptr};
  std::vector<JudgeBlock> blocks_;
  torch::Tensor dense_weight_;  // [kJudgeFeatures, channels x places]
  BatchNorm dense_norm_{nullptr};
  torch::Tensor attribute_weight_;  // [attributes, kJudgeFeatures]
  torch::Tensor attribute_bias_;    // [attributes]
  torch::Tensor embedding_weight_;  // [kJudgeEmbedding, kJudgeFeatures]
};
TORCH_MODULE(JudgeNetwork);

// Weights uniform in +-sqrt(6 / inputs) (He and others, 2015), scales 1, shifts and biases 0. Equal
// seeds give equal weights.
void Initialise(JudgeNetwork& network, uint64_t seed);

}  // namespace makeover::engine
