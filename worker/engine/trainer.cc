#include "worker/engine/trainer.h"

#include <algorithm>

#include "worker/engine/augment.h"
#include "worker/engine/batch.h"
#include "worker/engine/error.h"
#include "worker/engine/losses.h"
#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

// Of a batch so small a part shows the identity and the mirror loss what they need.
constexpr int64_t kPart = 4;

template <typename Network>
std::shared_ptr<Network> On(const Compute& compute, std::shared_ptr<Network> network) {
  network->to(TorchDevice(compute));
  return network;
}

Adam::Options AdamOptions(const Config& config) {
  return {config.beta1, config.beta2, config.adam_epsilon};
}

}  // namespace

std::optional<Standing> BestOf(const CheckpointReader& checkpoint) {
  if (!checkpoint.Has("best.step")) return std::nullopt;
  return Standing{checkpoint.Integer("best.step"), checkpoint.Number("best.target_rate"),
                  checkpoint.Number("best.kid"), checkpoint.Number("best.kept"),
                  checkpoint.Number("best.low_l1")};
}

Trainer::Trainer(const Config& config, const Compute& compute, const PixelCache& cache,
                 const TrainingRows& rows)
    : config_(config),
      device_(TorchDevice(compute)),
      cache_(cache),
      source_(rows.source, static_cast<uint64_t>(config.seed), Stream::kSourceOrder,
              Stream::kSourceFlip),
      target_(rows.target, rows.target_weights, static_cast<uint64_t>(config.seed),
              Stream::kTargetOrder, Stream::kTargetFlip),
      labels_(rows.labels),
      generator_(On(compute, MakeGenerator(config, OptionsFor(config, compute)))),
      average_(On(compute, MakeGenerator(config, OptionsFor(config, compute)))),
      discriminator_(On(compute, MakeDiscriminator(config, OptionsFor(config, compute)))),
      generator_weights_(*generator_),
      average_weights_(*average_),
      discriminator_weights_(*discriminator_),
      generator_adam_(generator_weights_.values(), AdamOptions(config)),
      discriminator_adam_(discriminator_weights_.values(), AdamOptions(config)) {
  average_->eval();
  if (config.UsesReader() && labels_.any())
    reader_ = std::make_unique<AttributeReader>(config.seed, labels_, cache, device_);
}

Trainer::Pass Trainer::Forward(const Position& position, double temperature) {
  Pass pass;
  pass.source = MakeBatch(cache_, source_.Next(config_.batch_size, config_.flip), device_);
  pass.target = MakeBatch(cache_, target_.Next(config_.batch_size, config_.flip), device_);
  Generate(&pass);
  const torch::Tensor noise = Noise(pass.source, position, NoiseDeviation(config_, temperature));
  pass.fake = discriminator_->forward(Seen(pass.result, noise, position, 0));
  pass.real = discriminator_->forward(Seen(pass.target, noise, position, 1));
  return pass;
}

// All in one batch, so that the running statistics hold for all kinds of faces.
void Trainer::Generate(Pass* pass) {
  const int64_t count = pass->source.size(0);
  const int64_t part = std::max<int64_t>(1, count / kPart);
  std::vector<torch::Tensor> faces = {pass->source};
  if (config_.identity_weight > 0) faces.push_back(pass->target.narrow(0, 0, part));
  if (config_.mirror_weight > 0) faces.push_back(pass->source.narrow(0, 0, part).flip(3));
  const torch::Tensor results =
      generator_->forward(faces.size() == 1 ? pass->source : torch::cat(faces));
  pass->result = results.narrow(0, 0, count);
  if (config_.identity_weight > 0) pass->kept = results.narrow(0, count, part);
  if (config_.mirror_weight > 0) pass->mirrored = results.narrow(0, results.size(0) - part, part);
}

StepValues Trainer::Losses(const Pass& pass, double temperature) const {
  const Adversarial kind = AdversarialOf(config_.adversarial);
  const double p = PixelWeight(config_, temperature);
  StepValues values;
  values.adversarial = AdversarialLoss(pass.fake, kind);
  values.pixel = PixelLoss(pass.result, pass.source);
  values.generator = (1 - p) * values.adversarial + p * values.pixel;
  if (pass.kept.defined()) {
    values.identity = (pass.kept - pass.target.narrow(0, 0, pass.kept.size(0))).abs().mean();
    values.generator = values.generator + config_.identity_weight * values.identity;
  }
  if (pass.mirrored.defined()) {
    values.mirror = MirrorLoss(pass.result, pass.mirrored);
    values.generator = values.generator + config_.mirror_weight * values.mirror;
  }
  values.discriminator = DiscriminatorLoss(pass.real, pass.fake, kind);
  return values;
}

StepValues Trainer::Step(const Position& position) {
  const double temperature = Temperature(config_, position);
  const Pass pass = Forward(position, temperature);
  StepValues values = Losses(pass, temperature);
  if (reader_ != nullptr) AddReading(pass, position, &values);
  // Both gradients are taken at the weights before the step, so one forward pass serves both.
  const torch::Tensor generator_gradient =
      generator_weights_.Gradient(values.generator, /*retain_graph=*/true);
  torch::Tensor discriminator_gradient =
      discriminator_weights_.Gradient(values.discriminator, false);
  if (PenaltyDue(position)) {
    const auto [gradient, penalty] = Penalty(pass.target);
    discriminator_gradient = discriminator_gradient + gradient;
    values.penalty = penalty;
  }
  values.temperature = temperature;
  values.learning_rate = rate_scale_ * LearningRate(config_, temperature, position.step);
  generator_adam_.Step(generator_gradient, values.learning_rate, generator_weights_.values());
  discriminator_adam_.Step(discriminator_gradient,
                           values.learning_rate * config_.discriminator_rate,
                           discriminator_weights_.values());
  if (reader_ != nullptr) values.reader = reader_->Learn(Progress(config_, position));
  UpdateAverage(position.step);
  for (torch::Tensor* loss : {&values.generator, &values.discriminator, &values.adversarial,
                              &values.pixel, &values.identity, &values.mirror, &values.penalty,
                              &values.kept, &values.aimed, &values.reader}) {
    if (loss->defined()) *loss = loss->detach();
  }
  return values;
}

void Trainer::AddReading(const Pass& pass, const Position& position, StepValues* values) const {
  const Random chance(static_cast<uint64_t>(config_.seed), Stream::kReader,
                      static_cast<uint64_t>(position.step) + 1);
  const AttributeReader::Losses read = reader_->OfResults(pass.result, pass.source, chance);
  values->kept = read.kept;
  values->aimed = read.aimed;
  if (read.kept.defined()) values->generator = values->generator + config_.keep_weight * read.kept;
  if (read.aimed.defined()) values->generator = values->generator + config_.aim_weight * read.aimed;
}

bool Trainer::PenaltyDue(const Position& position) const {
  return config_.gradient_penalty > 0 && position.step % config_.gradient_penalty_steps == 0;
}

std::pair<torch::Tensor, torch::Tensor> Trainer::Penalty(const torch::Tensor& target) {
  // In float32: squares of small gradients vanish in less.
  const torch::Tensor pictures = target.detach().requires_grad_();
  const torch::Tensor penalty =
      GradientPenalty(discriminator_->forward(pictures, torch::kFloat32), pictures);
  const double weight =
      config_.gradient_penalty * static_cast<double>(config_.gradient_penalty_steps);
  return {discriminator_weights_.Gradient(weight * penalty, false), penalty};
}

torch::Tensor Trainer::Seen(const torch::Tensor& pictures, const torch::Tensor& noise,
                            const Position& position, uint64_t side) const {
  const Random random(static_cast<uint64_t>(config_.seed), Stream::kAugment,
                      2 * static_cast<uint64_t>(position.step) + side);
  return Augment(noise.defined() ? pictures + noise : pictures, config_.augment, random);
}

torch::Tensor Trainer::Noise(const torch::Tensor& like, const Position& position,
                             double deviation) const {
  if (deviation == 0) return {};
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
  return average_->forward(pictures);
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

NamedTensors Trainer::StateWithReader() const {
  NamedTensors state = State();
  if (reader_ != nullptr) {
    for (const auto& named : reader_->State()) state.push_back(named);
  }
  return state;
}

void Trainer::Save(const std::string& path, const Position& position,
                   const CheckpointAbout& about) const {
  CheckpointScalars scalars;
  scalars.integers = {{"optimizer.generator.steps", generator_adam_.steps},
                      {"optimizer.discriminator.steps", discriminator_adam_.steps},
                      {"random.seed", config_.seed},
                      {"random.source_position", source_.position()},
                      {"random.target_position", target_.position()},
                      {"schedule.step", position.step}};
  scalars.numbers = {{"schedule.elapsed_seconds", position.elapsed_seconds},
                     {"schedule.rate_scale", rate_scale_}};
  if (reader_ != nullptr) {
    scalars.integers["optimizer.reader.steps"] = reader_->steps();
    scalars.integers["labels.count"] = static_cast<int64_t>(labels_.population.attributes.size());
  }
  if (about.best.has_value()) {
    scalars.integers["best.step"] = about.best->step;
    scalars.numbers["best.target_rate"] = about.best->target_rate;
    scalars.numbers["best.kid"] = about.best->kid;
    scalars.numbers["best.kept"] = about.best->kept;
    scalars.numbers["best.low_l1"] = about.best->low_l1;
  }
  WriteCheckpoint(path, StateWithReader(), scalars,
                  {position.step, config_, about.dataset, about.source, about.target});
}

Position Trainer::Load(const CheckpointReader& checkpoint) {
  // Files of runs that read no attributes have no count of them.
  const std::string labels = "labels.count";
  const int64_t count = checkpoint.Has(labels) ? checkpoint.Integer(labels) : 0;
  const bool same = count == static_cast<int64_t>(labels_.population.attributes.size());
  if (count > 0 && !same && config_.UsesReader()) {
    throw EngineError(ErrorClass::kUser, "other_labels",
                      "The checkpoint's training knows " + std::to_string(count) +
                          " attributes of each face, and this one " +
                          std::to_string(labels_.population.attributes.size()) + ".",
                      "Give --index, --source and --target as they were then.");
  }
  // In the file of a run that had none the reader begins with its first weights.
  const bool reader = reader_ != nullptr && checkpoint.Has("reader_ema.dense_weight");
  checkpoint.Load(reader ? StateWithReader() : State());
  if (reader) reader_->SetSteps(checkpoint.Integer("optimizer.reader.steps"));
  generator_adam_.steps = checkpoint.Integer("optimizer.generator.steps");
  discriminator_adam_.steps = checkpoint.Integer("optimizer.discriminator.steps");
  source_.Seek(checkpoint.Integer("random.source_position"));
  target_.Seek(checkpoint.Integer("random.target_position"));
  // Files of earlier versions have none.
  const std::string scale = "schedule.rate_scale";
  rate_scale_ = checkpoint.Has(scale) ? checkpoint.Number(scale) : 1;
  return {checkpoint.Integer("schedule.step"), checkpoint.Number("schedule.elapsed_seconds")};
}

Snapshot Trainer::Copy(const Position& position) const {
  Snapshot snapshot;
  for (const auto& [name, tensor] : StateWithReader()) snapshot.tensors.push_back(tensor.clone());
  snapshot.counts = {generator_adam_.steps, discriminator_adam_.steps, source_.position(),
                     target_.position(), reader_ != nullptr ? reader_->steps() : 0};
  snapshot.position = position;
  return snapshot;
}

Position Trainer::Restore(const Snapshot& snapshot) {
  const torch::NoGradGuard guard;
  const NamedTensors state = StateWithReader();
  for (size_t i = 0; i < state.size(); ++i) state[i].second.copy_(snapshot.tensors[i]);
  generator_adam_.steps = snapshot.counts[0];
  discriminator_adam_.steps = snapshot.counts[1];
  source_.Seek(snapshot.counts[2]);
  target_.Seek(snapshot.counts[3]);
  if (reader_ != nullptr) reader_->SetSteps(snapshot.counts[4]);
  return snapshot.position;
}

bool Trainer::Healthy() const {
  return torch::isfinite(generator_weights_.values().sum() + discriminator_weights_.values().sum() +
                         average_weights_.values().sum())
      .item<bool>();
}

}  // namespace makeover::engine
