#include "worker/engine/attribute_reader.h"

#include "worker/engine/augment.h"

namespace makeover::engine {
namespace {

// Of the published ranges: hair stays black and skin pale.
constexpr double kAugment = 0.3;

torch::Tensor AimedOf(const FaceLabels& labels, const torch::Device& device) {
  std::vector<float> aimed;
  for (size_t k = labels.kept; k < labels.names.size(); ++k)
    aimed.push_back((labels.aimed >> k & 1) != 0 ? 1.0F : 0.0F);
  const auto count = static_cast<int64_t>(aimed.size());
  return torch::tensor(aimed).reshape({1, count}).to(device);
}

torch::Tensor CrossEntropy(const torch::Tensor& logits, const torch::Tensor& labels) {
  return torch::binary_cross_entropy_with_logits(logits, labels);
}

}  // namespace

AttributeReader::AttributeReader(const Config& config, const Compute& compute,
                                 const FaceLabels& labels)
    : kept_(static_cast<int64_t>(labels.kept)),
      aimed_(AimedOf(labels, TorchDevice(compute))),
      network_(MakeReader(config, OptionsFor(config, compute),
                          static_cast<int64_t>(labels.names.size()))),
      weights_((network_->to(TorchDevice(compute)), *network_)),
      adam_(weights_.values(), {config.beta1, config.beta2, config.adam_epsilon}) {}

torch::Tensor AttributeReader::Logits(const torch::Tensor& pictures, const Random& chance) {
  const torch::Tensor read = network_->forward(Augment(pictures, kAugment, chance));
  return read.reshape({pictures.size(0), kept_ + aimed_.size(1), -1}).mean(2);
}

torch::Tensor AttributeReader::Certainties(const torch::Tensor& pictures, const Random& chance) {
  const torch::NoGradGuard guard;
  return Logits(pictures, chance).sigmoid();
}

AttributeReader::Losses AttributeReader::OfResults(const torch::Tensor& results,
                                                   const torch::Tensor& sources,
                                                   const Random& chance) {
  const torch::Tensor read = Logits(results, chance);
  const int64_t aimed = aimed_.size(1);
  Losses losses;
  if (kept_ > 0) {
    const torch::Tensor before = Certainties(sources, chance);
    losses.kept = CrossEntropy(read.narrow(1, 0, kept_), before.narrow(1, 0, kept_));
  }
  if (aimed > 0) {
    const torch::Tensor some = read.narrow(1, kept_, aimed);
    losses.aimed = CrossEntropy(some, aimed_.expand_as(some));
  }
  return losses;
}

torch::Tensor AttributeReader::OfFaces(const torch::Tensor& pictures, const torch::Tensor& labels,
                                       const Random& chance) {
  return CrossEntropy(Logits(pictures, chance), labels);
}

void AttributeReader::Learn(const torch::Tensor& loss, double rate) {
  adam_.Step(weights_.Gradient(loss, false), rate, weights_.values());
}

NamedTensors AttributeReader::State() const {
  NamedTensors state = TensorsOf("reader", *network_);
  state.emplace_back("optimizer.reader.mean", adam_.mean);
  state.emplace_back("optimizer.reader.variance", adam_.variance);
  return state;
}

}  // namespace makeover::engine
