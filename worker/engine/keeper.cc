#include "worker/engine/keeper.h"

#include "worker/engine/augment.h"

namespace makeover::engine {
namespace {

// Of the published ranges: hair stays black and skin pale.
constexpr double kAugment = 0.3;

}  // namespace

Keeper::Keeper(const Config& config, const Compute& compute, const KeptLabels& labels)
    : labels_(labels),
      device_(TorchDevice(compute)),
      reader_(MakeReader(config, OptionsFor(config, compute),
                         static_cast<int64_t>(labels.names.size()))),
      weights_((reader_->to(device_), *reader_)),
      adam_(weights_.values(), {config.beta1, config.beta2, config.adam_epsilon}) {}

torch::Tensor Keeper::LabelsOf(const std::vector<Draw>& draws) const {
  const auto rows = static_cast<int64_t>(draws.size());
  const auto count = static_cast<int64_t>(labels_.names.size());
  torch::Tensor labels = torch::empty({rows, count});
  float* value = labels.data_ptr<float>();
  for (const Draw& draw : draws) {
    const uint64_t bits = labels_.bits[static_cast<size_t>(draw.row)];
    for (int64_t k = 0; k < count; ++k) *value++ = (bits >> k & 1) != 0 ? 1.0F : 0.0F;
  }
  return labels.to(device_);
}

torch::Tensor Keeper::Loss(const torch::Tensor& pictures, const torch::Tensor& labels,
                           const Random& chance) {
  const torch::Tensor read = reader_->forward(Augment(pictures, kAugment, chance));
  return torch::binary_cross_entropy_with_logits(
      read.reshape({labels.size(0), labels.size(1), -1}).mean(2), labels);
}

void Keeper::Learn(const torch::Tensor& loss, double rate) {
  adam_.Step(weights_.Gradient(loss, false), rate, weights_.values());
}

NamedTensors Keeper::State() const {
  NamedTensors state = TensorsOf("reader", *reader_);
  state.emplace_back("optimizer.reader.mean", adam_.mean);
  state.emplace_back("optimizer.reader.variance", adam_.variance);
  return state;
}

}  // namespace makeover::engine
