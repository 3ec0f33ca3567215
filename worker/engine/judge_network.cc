#include "worker/engine/judge_network.h"

#include <cmath>
#include <string>

#include "worker/engine/aligned.h"
#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

constexpr int64_t kWidth = 16;      // channels of the stem
constexpr int64_t kPlacesHigh = 6;  // what 80x100 comes to by halving
constexpr int64_t kPlacesWide = 5;
constexpr double kDropout = 0.3;
constexpr double kNormEpsilon = 1e-5;
constexpr double kNormMomentum = 0.05;

}  // namespace

BatchNormImpl::BatchNormImpl(int64_t channels) {
  scale_ = register_parameter("scale", torch::ones({channels}));
  shift_ = register_parameter("shift", torch::zeros({channels}));
  running_mean_ = register_buffer("running_mean", torch::zeros({channels}));
  running_var_ = register_buffer("running_var", torch::ones({channels}));
}

torch::Tensor BatchNormImpl::forward(const torch::Tensor& x) {
  return torch::batch_norm(x, Aligned(scale_), Aligned(shift_), running_mean_, running_var_,
                           is_training(), kNormMomentum, kNormEpsilon, /*cudnn_enabled=*/true);
}

NormedConvImpl::NormedConvImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : stride_(stride), padding_(kernel / 2) {
  weight_ = register_parameter("weight", torch::zeros({out, in, kernel, kernel}));
  norm_ = register_module("norm", BatchNorm(out));
}

torch::Tensor NormedConvImpl::forward(const torch::Tensor& x) {
  return norm_(torch::conv2d(x, Aligned(weight_).to(x.scalar_type()), {}, stride_, padding_));
}

JudgeBlockImpl::JudgeBlockImpl(int64_t in, int64_t out)
    : conv1_(register_module("conv1", NormedConv(in, out, 3, 1))),
      conv2_(register_module("conv2", NormedConv(out, out, 3, 1))),
      projection_(register_module("projection", NormedConv(in, out, 1, 1))) {}

torch::Tensor JudgeBlockImpl::forward(const torch::Tensor& x) {
  const torch::Tensor y = torch::avg_pool2d(x, 2);
  return torch::relu(projection_(y) + conv2_(torch::relu(conv1_(y))));
}

JudgeNetworkImpl::JudgeNetworkImpl(int64_t attributes)
    : stem_(register_module("stem", NormedConv(3, kWidth, 5, 2))) {
  int64_t in = kWidth;
  for (const int64_t out : {2 * kWidth, 4 * kWidth, 4 * kWidth}) {
    blocks_.push_back(
        register_module("block" + std::to_string(blocks_.size()), JudgeBlock(in, out)));
    in = out;
  }
  dense_weight_ = register_parameter(
      "dense_weight", torch::zeros({kJudgeFeatures, in * kPlacesHigh * kPlacesWide}));
  dense_norm_ = register_module("dense_norm", BatchNorm(kJudgeFeatures));
  attribute_weight_ =
      register_parameter("attribute_weight", torch::zeros({attributes, kJudgeFeatures}));
  attribute_bias_ = register_parameter("attribute_bias", torch::zeros({attributes}));
  embedding_weight_ =
      register_parameter("embedding_weight", torch::zeros({kJudgeEmbedding, kJudgeFeatures}));
}

Heard JudgeNetworkImpl::DrawHeard(int64_t count, const torch::Generator& random) const {
  const auto draw = [&](int64_t width) {
    return torch::empty({count, width}, dense_weight_.options().requires_grad(false))
        .bernoulli_(1 - kDropout, random)
        .div_(1 - kDropout);
  };
  Heard heard;
  heard.trunk = draw(dense_weight_.size(1));
  heard.features = draw(kJudgeFeatures);
  return heard;
}

JudgeOutput JudgeNetworkImpl::forward(const torch::Tensor& x, const Heard& heard,
                                      torch::ScalarType type) {
  torch::Tensor y = (2 * x - 1).to(type).contiguous(torch::MemoryFormat::ChannelsLast);
  y = torch::relu(stem_(y));
  for (JudgeBlock& block : blocks_) y = block(y);
  y = torch::adaptive_avg_pool2d(y.to(torch::kFloat32), {kPlacesHigh, kPlacesWide}).flatten(1);
  const auto some = [](const torch::Tensor& all, const torch::Tensor& factors) {
    return factors.defined() ? all * factors : all;
  };
  y = torch::matmul(some(y, heard.trunk), Aligned(dense_weight_).t());
  const torch::Tensor features = torch::relu(dense_norm_(y));
  const torch::Tensor place = torch::matmul(features, Aligned(embedding_weight_).t());
  return {torch::addmm(Aligned(attribute_bias_), some(features, heard.features),
                       Aligned(attribute_weight_).t()),
          features, place / (place.norm(2, 1, true) + 1e-6)};
}

void Initialise(JudgeNetwork& network, uint64_t seed) {
  const torch::NoGradGuard guard;
  Random random(seed, Stream::kJudgeWeights, 0);
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() < 2) continue;
    const torch::Tensor values = torch::empty(parameter.sizes(), torch::kFloat32);
    const auto bound = static_cast<float>(
        std::sqrt(6.0 * static_cast<double>(values.size(0)) / static_cast<double>(values.numel())));
    float* out = values.data_ptr<float>();
    for (int64_t i = 0; i < values.numel(); ++i) out[i] = bound * random.Signed();
    parameter.copy_(values);
  }
}

}  // namespace makeover::engine
