#include "worker/engine/trainer.h"

#include "worker/engine/batch.h"
#include "worker/engine/error.h"
#include "worker/engine/losses.h"
#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

template <typename Network>
Network MakeNetwork(const Config& config, const Compute& compute) {
  Network network(OptionsFor(config, compute));
  Initialise(network, static_cast<uint64_t>(config.seed));
  network->to(TorchDevice(compute));
  return network;
}

Adam::Options AdamOptions(const Config& config) {
  return {config.beta1, config.beta2, config.adam_epsilon};
}

}  // namespace

torch::Device TorchDevice(const Compute& compute) { return torch::Device(compute.device); }

NetworkOptions OptionsFor(const Config& config, const Compute& compute) {
  return {compute.precision == Precision::kBf16 ? torch::kBFloat16 : torch::kFloat32,
          config.batch_norm_epsilon, config.batch_norm_momentum};
}

Trainer::Trainer(const Config& config, const Compute& compute, const PixelCache& cache,
                 const TrainingRows& rows)
    : config_(config),
      device_(TorchDevice(compute)),
      cache_(cache),
      source_(rows.source, static_cast<uint64_t>(config.seed), Stream::kSourceOrder,
              Stream::kSourceFlip),
      target_(rows.target, static_cast<uint64_t>(config.seed), Stream::kTargetOrder,
              Stream::kTargetFlip),
      generator_(MakeNetwork<Generator>(config, compute)),
      average_(MakeNetwork<Generator>(config, compute)),
      discriminator_(MakeNetwork<Discriminator>(config, compute)),
      generator_weights_(*generator_),
      average_weights_(*average_),
      discriminator_weights_(*discriminator_),
      generator_adam_(generator_weights_.values(), AdamOptions(config)),
      discriminator_adam_(discriminator_weights_.values(), AdamOptions(config)) {
  average_->eval();
}

StepValues Trainer::Step(const Position& position) {
  const double temperature = Temperature(config_, position);
  const torch::Tensor source =
      MakeBatch(cache_, source_.Next(config_.batch_size, config_.flip), device_);
  const torch::Tensor target =
      MakeBatch(cache_, target_.Next(config_.batch_size, config_.flip), device_);
  const torch::Tensor noise = Noise(source, position, NoiseDeviation(config_, temperature));

  const torch::Tensor result = generator_(source);
  const torch::Tensor fake = discriminator_(result + noise);
  const torch::Tensor real = discriminator_(target + noise);

  const double p = PixelWeight(config_, temperature);
  const torch::Tensor adversarial = AdversarialLoss(fake);
  const torch::Tensor pixel = PixelLoss(result, source);
  const torch::Tensor generator_loss = (1 - p) * adversarial + p * pixel;
  const torch::Tensor discriminator_loss = DiscriminatorLoss(real, fake);

  // Both gradients are taken at the weights before the step, so one forward pass serves both.
  const torch::Tensor generator_gradient =
      generator_weights_.Gradient(generator_loss, /*retain_graph=*/true);
  const torch::Tensor discriminator_gradient =
      discriminator_weights_.Gradient(discriminator_loss, false);
  const double rate = LearningRate(config_, temperature);
  generator_adam_.Step(generator_gradient, rate, generator_weights_.values());
  discriminator_adam_.Step(discriminator_gradient, rate, discriminator_weights_.values());
  UpdateAverage(position.step);

  return {generator_loss.detach(),
          discriminator_loss.detach(),
          adversarial.detach(),
          pixel.detach(),
          temperature,
          rate};
}

torch::Tensor Trainer::Noise(const torch::Tensor& like, const Position& position,
                             double deviation) const {
  const auto seed = static_cast<uint64_t>(config_.seed);
  torch::Generator random = at::globalContext().defaultGenerator(device_);
  random.set_current_seed(
      Random(seed, Stream::kNoise, static_cast<uint64_t>(position.step)).Next());
  return TruncatedNoise(like, deviation, random);
}

void Trainer::UpdateAverage(int64_t step) {
  const torch::NoGradGuard guard;
  const double weight = 1 - EmaDecay(config_, step);
  torch::Tensor(average_weights_.values()).lerp_(generator_weights_.values(), weight);
  const std::vector<torch::Tensor> live = generator_->buffers();
  std::vector<torch::Tensor> average = average_->buffers();
  for (size_t i = 0; i < live.size(); ++i) average[i].lerp_(live[i], weight);
}

torch::Tensor Trainer::Result(const torch::Tensor& pictures) {
  const torch::NoGradGuard guard;
  return average_(pictures);
}

NamedTensors Trainer::State() const {
  NamedTensors state = TensorsOf("generator", *generator_);
  for (const auto& named : TensorsOf("generator_ema", *average_)) state.push_back(named);
  for (const auto& named : TensorsOf("discriminator", *discriminator_)) state.push_back(named);
  state.emplace_back("optimizer.generator.mean", generator_adam_.mean);
  state.emplace_back("optimizer.generator.variance", generator_adam_.variance);
  state.emplace_back("optimizer.discriminator.mean", discriminator_adam_.mean);
  state.emplace_back("optimizer.discriminator.variance", discriminator_adam_.variance);
  return state;
}

void Trainer::Save(const std::string& path, const Position& position,
                   const std::string& dataset) const {
  CheckpointScalars scalars;
  scalars.integers = {{"optimizer.generator.steps", generator_adam_.steps},
                      {"optimizer.discriminator.steps", discriminator_adam_.steps},
                      {"random.seed", config_.seed},
                      {"random.source_position", source_.position()},
                      {"random.target_position", target_.position()},
                      {"schedule.step", position.step}};
  scalars.numbers = {{"schedule.elapsed_seconds", position.elapsed_seconds}};
  WriteCheckpoint(path, State(), scalars, {position.step, config_, dataset});
}

Position Trainer::Load(const CheckpointReader& checkpoint) {
  checkpoint.Load(State());
  generator_adam_.steps = checkpoint.Integer("optimizer.generator.steps");
  discriminator_adam_.steps = checkpoint.Integer("optimizer.discriminator.steps");
  source_.Seek(checkpoint.Integer("random.source_position"));
  target_.Seek(checkpoint.Integer("random.target_position"));
  return {checkpoint.Integer("schedule.step"), checkpoint.Number("schedule.elapsed_seconds")};
}

bool Trainer::Healthy() const {
  return torch::isfinite(generator_weights_.values().sum() + discriminator_weights_.values().sum() +
                         average_weights_.values().sum())
      .item<bool>();
}

}  // namespace makeover::engine
