#include "worker/engine/makeover_networks.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "worker/engine/describe.h"
#include "worker/engine/kernel_runs.h"
#include "worker/engine/random.h"
#include "worker/engine/words.h"

namespace makeover::engine {
namespace {

constexpr int64_t kNarrowChannels = 16;
constexpr double kLeak = 0.2;

// Weights of a Gaussian, as far as they count, whose sum is 1.
torch::Tensor Gaussian(double deviation) {
  constexpr double kFar = 2.8;  // deviations
  const auto radius = static_cast<int64_t>(std::ceil(kFar * deviation));
  const torch::Tensor at = torch::arange(-radius, radius + 1, torch::kFloat32) / deviation;
  const torch::Tensor weights = (-0.5 * at.square()).exp();
  return weights / weights.sum();
}

// A convolution of three channels that leaves their mean as it is and blurs their differences from
// it.
torch::Tensor ChromaBlur(double deviation) {
  const torch::Tensor row = Gaussian(deviation);
  const torch::Tensor blur = row.unsqueeze(1) * row.unsqueeze(0);
  torch::Tensor here = torch::zeros_like(blur);
  here[row.size(0) / 2][row.size(0) / 2] = 1;
  const torch::Tensor mean = torch::full({3, 3, 1, 1}, 1.0 / 3);
  return mean * here + (torch::eye(3).view({3, 3, 1, 1}) - mean) * blur;
}

// Bounds that keep the variance of what comes in: linearly (LeCun 1998), and through ReLU (He
// 2015).
float LinearBound(const ConvImpl& conv) {
  return static_cast<float>(std::sqrt(3.0 / static_cast<double>(conv.weight[0].numel())));
}

float ReluBound(const ConvImpl& conv) {
  return static_cast<float>(std::sqrt(6.0 / static_cast<double>(conv.weight[0].numel())));
}

}  // namespace

int64_t GeneratorLevels(int64_t height, int64_t width) {
  constexpr int64_t kShortSideMin = 20;
  int64_t levels = 1;
  while (height % (2 << levels) == 0 && width % (2 << levels) == 0 &&
         std::min(height, width) >> (levels + 1) >= kShortSideMin) {
    ++levels;
  }
  return levels;
}

int64_t DiscriminatorLevels(int64_t height, int64_t width) {
  constexpr int64_t kShortSideMin = 5;
  int64_t levels = 1;
  while (std::min(height, width) >> (levels + 1) >= kShortSideMin) ++levels;
  return levels;
}

MakeoverGenerator::MakeoverGenerator(const MakeoverSize& size, const NetworkOptions& options)
    : type_(options.type) {
  const int64_t levels = GeneratorLevels(options.height, options.width);
  const auto channels = [&](int64_t level) { return size.generator_channels << level; };
  const auto add = [&](std::vector<ResidualBlock>* to, const std::string& name, int64_t in,
                       int64_t out) {
    const std::string number = std::to_string(to->size());
    to->push_back(register_module(name + number, ResidualBlock(in, out, 3, options)));
  };
  stem_ = register_module("stem", Conv(3, channels(0), 4, 2));
  for (int64_t i = 0; i < levels; ++i)
    add(&down_, "down", channels(std::max(i - 1, int64_t{0})), channels(i));
  for (int64_t i = 1; i < size.generator_blocks; ++i)
    add(&middle_, "middle", channels(levels - 1), channels(levels - 1));
  for (int64_t i = levels - 1; i > 0; --i) add(&up_, "up", channels(i), channels(i - 1));
  narrow_ = register_module("narrow", Conv(channels(0), kNarrowChannels, 1));
  detail_ = register_module("detail", Conv(3, kNarrowChannels, 3));
  refine_ = register_module("refine", Conv(kNarrowChannels, kNarrowChannels, 3));
  output_ = register_module("output", Conv(kNarrowChannels, 4, 3));
  if (size.chroma_blur > 0) {
    const torch::Tensor blur = ChromaBlur(size.chroma_blur * static_cast<double>(options.width));
    chroma_blur_ = register_buffer("chroma_blur", blur);
  }
}

torch::Tensor MakeoverGenerator::forward(const torch::Tensor& x) {
  const torch::Tensor picture = NetworkInput(x, type_);
  const bool infer = !is_training() && !torch::GradMode::is_enabled();
  if (infer && KernelsFor(picture)) {
    if (!chroma_blur_.defined()) return RunMaskedChange(x, InferOutput(picture));
    return x + WithBlurredChroma(RunMaskedChange(torch::zeros_like(x), InferOutput(picture)));
  }
  const torch::Tensor y = Output(picture).to(torch::kFloat32);
  return x + WithBlurredChroma(torch::tanh(y.slice(1, 0, 3)) * torch::sigmoid(y.slice(1, 3, 4)));
}

torch::Tensor MakeoverGenerator::WithBlurredChroma(const torch::Tensor& change) const {
  if (!chroma_blur_.defined()) return change;
  return torch::conv2d(change, chroma_blur_, {}, 1, chroma_blur_.size(2) / 2);
}

torch::Tensor MakeoverGenerator::Output(const torch::Tensor& picture) {
  torch::Tensor y = stem_(picture);
  std::vector<torch::Tensor> joins;
  for (size_t i = 0; i < down_.size(); ++i) {
    y = down_[i](i == 0 ? y : MeanPool(y));
    joins.push_back(y);
  }
  for (ResidualBlock& block : middle_) y = block(y);
  joins.pop_back();
  y = Twice(narrow_(Up(y, joins))) + detail_(picture);
  y = refine_(y, /*slope=*/0);
  return output_(y, /*slope=*/0);
}

torch::Tensor MakeoverGenerator::InferOutput(const torch::Tensor& picture) {
  std::vector<torch::Tensor> joins;
  torch::Tensor y = InferDown(picture, &joins);
  y = detail_->AddedToTwice(narrow_(Up(y, joins)), picture);
  y = refine_(y, /*slope=*/0);
  return output_(y, /*slope=*/0);
}

// A block that begins with its normalisation finds it done by whoever came before.
torch::Tensor MakeoverGenerator::InferDown(const torch::Tensor& picture,
                                           std::vector<torch::Tensor>* joins) {
  std::vector<ResidualBlock> blocks = down_;
  blocks.insert(blocks.end(), middle_.begin(), middle_.end());
  torch::Tensor y = stem_->Scaled(picture, blocks[0]->norm->Scale(), blocks[0]->norm->Shift());
  for (size_t i = 0; i < blocks.size(); ++i) {
    const bool last = i + 1 == blocks.size();
    const ShiftNorm next =
        last || !blocks[i + 1]->BeginsWithNorm() ? ShiftNorm(nullptr) : blocks[i + 1]->norm;
    if (!blocks[i]->BeginsWithNorm()) y = blocks[i]->Normalised(y);
    y = blocks[i]->Convolved(y, Resample::kNone, next);
    if (i + 1 >= down_.size()) continue;
    joins->push_back(y);
    y = MeanPool(y);
  }
  return y;
}

torch::Tensor MakeoverGenerator::Up(torch::Tensor y, std::vector<torch::Tensor> joins) {
  for (ResidualBlock& block : up_) {
    y = block(y, Resample::kTwice) + joins.back();
    joins.pop_back();
  }
  return y;
}

Graph MakeoverGenerator::Describe() const {
  using Kind = GraphOp::Kind;
  GraphBuilder graph;
  const auto join = [&graph](int a, int b) { return graph.Binary(Kind::kAdd, a, b); };
  const int picture = graph.Scale(graph.input(), 2, -1);
  int y = engine::Describe(*stem_, picture, &graph);
  std::vector<int> joins;
  for (size_t i = 0; i < down_.size(); ++i) {
    y = engine::Describe(*down_[i], i == 0 ? y : graph.Unary(Kind::kMeanPool, y), &graph);
    joins.push_back(y);
  }
  for (const ResidualBlock& block : middle_) y = engine::Describe(*block, y, &graph);
  for (size_t i = 0; i < up_.size(); ++i) {
    y = engine::Describe(*up_[i], graph.Unary(Kind::kTwice, y), &graph);
    y = join(y, joins[joins.size() - 2 - i]);
  }
  y = graph.Unary(Kind::kTwice, engine::Describe(*narrow_, y, &graph));
  y = join(y, engine::Describe(*detail_, picture, &graph));
  y = engine::Describe(*refine_, graph.Unary(Kind::kRelu, y), &graph);
  y = engine::Describe(*output_, graph.Unary(Kind::kRelu, y), &graph);
  const int change = graph.Unary(Kind::kTanh, graph.Slice(y, 0, 3));
  const int mask = graph.Unary(Kind::kSigmoid, graph.Slice(y, 3, 4));
  int masked = graph.Binary(Kind::kMultiply, change, mask);
  if (chroma_blur_.defined()) {
    masked = graph.Conv(masked, chroma_blur_, torch::zeros({3}), 1, chroma_blur_.size(2) / 2);
  }
  join(graph.input(), masked);
  return graph.Build();
}

void MakeoverGenerator::Initialise(uint64_t seed) {
  Random random(seed, Stream::kWeights, 0);
  for (const auto& item : named_modules(std::string(), false)) {
    auto* conv = item.value()->as<ConvImpl>();
    if (conv == nullptr) continue;
    const float gain = item.key() == "output" ? 0.01F : EndsWith(item.key(), "conv2") ? 0.1F : 1.0F;
    InitialiseUniform(conv, LinearBound(*conv) * gain, &random);
  }
}

MakeoverDiscriminator::MakeoverDiscriminator(const MakeoverSize& size,
                                             const NetworkOptions& options)
    : Discriminator(options.type) {
  constexpr int64_t kTimesMax = 6;
  const int64_t levels = DiscriminatorLevels(options.height, options.width);
  int64_t in = 3;
  for (int64_t i = 0; i < levels; ++i) {
    const int64_t out = size.discriminator_channels * std::min(int64_t{1} << i, kTimesMax);
    halvings_.push_back(register_module("halving" + std::to_string(i), Conv(in, out, 4, 2)));
    if (i > 0) convs_.push_back(register_module("conv" + std::to_string(i), Conv(out, out, 3)));
    in = out;
  }
  output_ = register_module("output", Conv(in, 1, 3));
}

torch::Tensor MakeoverDiscriminator::forward(const torch::Tensor& x, torch::ScalarType type) {
  torch::Tensor y = NetworkInput(x, type);
  for (size_t i = 0; i < halvings_.size(); ++i) {
    y = halvings_[i](y, i == 0 ? 1 : kLeak);
    if (i > 0) y = convs_[i - 1](y, kLeak);
  }
  return output_(y.to(torch::kFloat32), kLeak).squeeze(1);
}

void MakeoverDiscriminator::Initialise(uint64_t seed) {
  Random random(seed, Stream::kWeights, 1);
  for (const auto& item : named_modules(std::string(), false)) {
    auto* conv = item.value()->as<ConvImpl>();
    if (conv != nullptr) InitialiseUniform(conv, ReluBound(*conv), &random);
  }
}

}  // namespace makeover::engine
