#include "worker/engine/classic_networks.h"

#include <string>

#include "worker/engine/describe.h"
#include "worker/engine/kernel_runs.h"
#include "worker/engine/random.h"
#include "worker/engine/words.h"

namespace makeover::engine {
namespace {

void InitialiseConvs(torch::nn::Module* network, bool output_is_projection, Random random) {
  for (const auto& item : network->named_modules(std::string(), false)) {
    auto* conv = item.value()->as<ConvImpl>();
    if (conv == nullptr) continue;
    InitialiseUniform(conv, 0.1F / static_cast<float>(conv->weight.numel()), &random);
    if (EndsWith(item.key(), "projection") || (output_is_projection && item.key() == "output")) {
      AddIdentity(conv);
    }
  }
}

}  // namespace

ClassicGenerator::ClassicGenerator(const NetworkOptions& options) : type_(options.type) {
  const auto add = [&](int64_t in, int64_t out, int64_t kernel) {
    blocks_.push_back(register_module("block" + std::to_string(blocks_.size()),
                                      ResidualBlock(in, out, kernel, options)));
  };
  add(3, 24, 3);
  add(24, 48, 3);
  add(48, 96, 3);
  add(96, 96, 3);
  add(96, 64, 3);
  add(64, 64, 3);
  add(64, 48, 3);
  add(48, 48, 1);
  output_ = register_module("output", Conv(48, 3, 1));
}

torch::Tensor ClassicGenerator::forward(const torch::Tensor& x) {
  const bool infer = !is_training() && !torch::GradMode::is_enabled();
  torch::Tensor y;
  if (infer && KernelsFor(x.device(), type_)) {
    y = Infer(x);
  } else {
    y = NetworkInput(x, type_);
    y = blocks_[0](y, Resample::kMeanPool);
    y = blocks_[1](y, Resample::kMeanPool);
    y = blocks_[3](blocks_[2](y));
    y = blocks_[5](blocks_[4](y, Resample::kTwice));
    y = output_(blocks_[7](blocks_[6](y, Resample::kTwice)));
  }
  // Stretched beyond [0, 1], so that black and white are reached at finite weights.
  const torch::Tensor shares = torch::sigmoid(y.to(torch::kFloat32));
  return infer ? shares.sub_(0.5).mul_(1.1).add_(0.5) : 0.5 + 1.1 * (shares - 0.5);
}

torch::Tensor ClassicGenerator::Infer(const torch::Tensor& x) {
  // The first projection reads 2x - 1 from the picture itself.
  const auto [weight, bias] = blocks_[0]->FoldedProjection();
  torch::Tensor y = RunNarrowInputs(x, 2 * weight, bias - weight.sum(1), type_);
  y = blocks_[0]->Convolved(y, Resample::kMeanPool);
  y = blocks_[1](y, Resample::kMeanPool);
  // A block without a projection begins with a normalisation, which the one before it takes over.
  const auto pair = [&](size_t first, Resample resample) {
    return blocks_[first]->Convolved(blocks_[first]->Normalised(y, resample), resample,
                                     blocks_[first + 1]->norm);
  };
  y = blocks_[3]->Convolved(pair(2, Resample::kNone));
  y = blocks_[5]->Convolved(pair(4, Resample::kTwice));
  y = blocks_[7]->conv1->AddedTo(pair(6, Resample::kTwice), Resample::kNone);
  // What follows is linear but for one ReLU: out (y + conv2 relu(y)).
  const ConvImpl& conv = *blocks_[7]->conv2;
  const torch::Tensor out = output_->weight.flatten(1);
  return RunNarrowOutputs(y, out, torch::mm(out, conv.weight.flatten(1)),
                          output_->bias + torch::mv(out, conv.bias));
}

Graph ClassicGenerator::Describe() const {
  using Kind = GraphOp::Kind;
  GraphBuilder graph;
  int y = graph.Scale(graph.input(), 2, -1);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    y = engine::Describe(*blocks_[i], y, &graph);
    if (i < 2) y = graph.Unary(Kind::kMeanPool, y);
    if (i == 3 || i == 5) y = graph.Unary(Kind::kTwice, y);
  }
  y = graph.Unary(Kind::kSigmoid, engine::Describe(*output_, y, &graph));
  graph.Scale(y, 1.1, 0.5 - 1.1 * 0.5);
  return graph.Build();
}

void ClassicGenerator::Initialise(uint64_t seed) {
  InitialiseConvs(this, true, Random(seed, Stream::kWeights, 0));
}

ClassicDiscriminator::ClassicDiscriminator(const NetworkOptions& options)
    : Discriminator(options.type) {
  int64_t in = 3;
  for (const int64_t out : {32, 48, 96, 128, 128}) {
    blocks_.push_back(register_module("block" + std::to_string(blocks_.size()),
                                      ResidualBlock(in, out, 3, options)));
    in = out;
  }
  output_ = register_module("output", Conv(in, 1, 1));
}

torch::Tensor ClassicDiscriminator::forward(const torch::Tensor& x, torch::ScalarType type) {
  torch::Tensor y = NetworkInput(x, type);
  for (size_t i = 0; i + 1 < blocks_.size(); ++i) y = blocks_[i](y, Resample::kMeanPool);
  // The mean over the picture has nearly the same gradient everywhere, and the last normalisation
  // takes away what is the same: in bfloat16 nothing right would be left for the blocks before it.
  y = y.to(torch::kFloat32);
  return output_(blocks_.back()(y)).mean({1, 2, 3});
}

void ClassicDiscriminator::Initialise(uint64_t seed) {
  InitialiseConvs(this, false, Random(seed, Stream::kWeights, 1));
}

}  // namespace makeover::engine
