#include "worker/engine/trainer.h"

#include <algorithm>

#include "worker/engine/augment.h"
#include "worker/engine/batch.h"
#include "worker/engine/error.h"
#include "worker/engine/losses.h"
#include "worker/engine/random.h"
#include "worker/engine/send.h"

namespace makeover::engine {
namespace {

// Of a batch so small a part shows the identity and the mirror loss what they need.
constexpr int64_t kPart = 4;
int64_t PartOf(int64_t count) { return std::max<int64_t>(1, count / kPart); }
// Of a step's change of each network and each mean. Sums of a GPU differ by the order of their
// terms; another step's inputs change more.
constexpr double kReplayTolerance = 0.1;
// A strength with a goal grows or falls by half a percent a step, at most.
constexpr double kGrowthPace = 0.005;
constexpr double kMostKeepGrowth = 4;
// In checkpoints.
constexpr char kKeepGrowth[] = "keep.growth";
constexpr char kAugmentGrowth[] = "augment.growth";

template <typename Network>
std::shared_ptr<Network> On(const Compute& compute, std::shared_ptr<Network> network) {
  network->to(TorchDevice(compute));
  return network;
}

Adam::Options AdamOptions(const Config& config) {
  return {config.beta1, config.beta2, config.adam_epsilon, config.update_clip};
}

}  // namespace

std::optional<Standing> BestOf(const CheckpointReader& checkpoint) {
  if (!checkpoint.Has("best.step")) return std::nullopt;
  return Standing{checkpoint.Integer("best.step"), checkpoint.Figure("best.target_rate"),
                  checkpoint.Figure("best.kid"), checkpoint.Figure("best.kept"),
                  checkpoint.Figure("best.low_l1")};
}

HealthWatch::Seen SeenOf(const CheckpointReader& checkpoint) {
  // Files of earlier versions, and of trainings that have seen none yet, have none.
  if (!checkpoint.Has("health.first_step")) return {};
  return {checkpoint.Number("health.mean"), checkpoint.Integer("health.first_step"),
          checkpoint.Integer("health.latest_step")};
}

Trainer::Trainer(const Config& config, const Compute& compute, const PixelCache& cache,
                 const TrainingRows& rows, GraphMaker make_graph)
    : config_(config),
      device_(TorchDevice(compute)),
      cache_(cache),
      source_(rows.source, rows.source_weights, static_cast<uint64_t>(config.seed),
              Stream::kSourceOrder, Stream::kSourceFlip),
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
      discriminator_adam_(discriminator_weights_.values(), AdamOptions(config)),
      make_graph_(std::move(make_graph)) {
  average_->eval();
  if (config.UsesReader() && labels_.any())
    reader_ = std::make_unique<AttributeReader>(
        AttributeReader::Options{static_cast<uint64_t>(config.seed), config.keep_turnover,
                                 OptionsFor(config, compute).type},
        labels_, cache, device_);
  if (reader_ != nullptr && config.keep_goal > 0 && !labels_.kept.empty())
    keep_growth_ = std::make_unique<Growth>(kMostKeepGrowth, device_);
  if (config.augment > 0 && config.augment_goal > 0)
    augment_growth_ = std::make_unique<Growth>(1 / config.augment, device_);
}

StepInputs Trainer::Draw(const Position& position, double temperature, double learning_rate) {
  StepInputs inputs;
  inputs.source = MakeBatch(cache_, source_.Next(config_.batch_size, config_.flip), device_);
  inputs.target = MakeBatch(cache_, target_.Next(config_.batch_size, config_.flip), device_);
  inputs.noise = Noise(inputs.source, position, NoiseDeviation(config_, temperature));
  inputs.on_result = DrawSeen(inputs.source, position, 0);
  inputs.on_target = DrawSeen(inputs.target, position, 1);
  if (reader_ != nullptr) {
    const Random chance(static_cast<uint64_t>(config_.seed), Stream::kReader,
                        static_cast<uint64_t>(position.step) + 1);
    inputs.glance = reader_->DrawGlance(inputs.source, chance);
    inputs.lesson = reader_->NextLesson(Progress(config_, position));
  }
  inputs.rates = Rates(position, temperature, learning_rate);
  inputs.penalty = PenaltyDue(position);
  return inputs;
}

torch::Tensor Trainer::Rates(const Position& position, double temperature, double learning_rate) {
  const double pixel = PixelWeight(config_, temperature);
  const Adam::Rates generator = generator_adam_.Next(learning_rate);
  const Adam::Rates discriminator =
      discriminator_adam_.Next(learning_rate * config_.discriminator_rate);
  std::vector<float> rates(StepInputs::kRates);
  rates[StepInputs::kAdversarialShare] = static_cast<float>(1 - pixel);
  rates[StepInputs::kPixelShare] = static_cast<float>(pixel);
  rates[StepInputs::kKeepWeight] = static_cast<float>(KeepWeight(config_, temperature));
  // As the networks slow down, so does what answers to them.
  rates[StepInputs::kGrowthPace] = static_cast<float>(kGrowthPace * temperature);
  rates[StepInputs::kGeneratorStep] = generator.step;
  rates[StepInputs::kGeneratorDeviation] = generator.deviation;
  rates[StepInputs::kDiscriminatorStep] = discriminator.step;
  rates[StepInputs::kDiscriminatorDeviation] = discriminator.deviation;
  rates[StepInputs::kAverage] = static_cast<float>(1 - EmaDecay(config_, position.step));
  return Send(torch::tensor(rates), device_);
}

Trainer::Pass Trainer::Forward(const StepInputs& inputs) {
  Pass pass;
  pass.source = inputs.source;
  pass.target = inputs.target;
  Generate(&pass);
  const auto noisy = [&inputs](const torch::Tensor& pictures) {
    return inputs.noise.defined() ? pictures + inputs.noise : pictures;
  };
  pass.fake = discriminator_->forward(Augment(noisy(pass.result), StrengthOf(inputs.on_result)));
  pass.seen_target = Augment(noisy(pass.target), StrengthOf(inputs.on_target));
  pass.real = discriminator_->forward(pass.seen_target);
  return pass;
}

// All in one batch, so that the running statistics hold for all kinds of faces.
void Trainer::Generate(Pass* pass) {
  const int64_t count = pass->source.size(0);
  const int64_t part = PartOf(count);
  std::vector<torch::Tensor> faces = {pass->source};
  if (config_.identity_weight > 0) faces.push_back(pass->target.narrow(0, 0, part));
  if (config_.mirror_weight > 0) faces.push_back(pass->source.narrow(0, 0, part).flip(3));
  const torch::Tensor results =
      generator_->forward(faces.size() == 1 ? pass->source : torch::cat(faces));
  pass->result = results.narrow(0, 0, count);
  if (config_.identity_weight > 0) pass->of_target = results.narrow(0, count, part);
  if (config_.mirror_weight > 0) pass->mirrored = results.narrow(0, results.size(0) - part, part);
}

StepValues Trainer::Losses(const Pass& pass, const StepInputs& inputs) const {
  const torch::Tensor& rates = inputs.rates;
  const Adversarial kind = AdversarialOf(config_.adversarial);
  StepValues values;
  values.adversarial = AdversarialLoss(pass.fake, kind);
  values.pixel = PixelLoss(pass.result, pass.source);
  values.generator = rates[StepInputs::kAdversarialShare] * values.adversarial +
                     rates[StepInputs::kPixelShare] * values.pixel;
  if (config_.hue_weight > 0) {
    values.hue = HueLoss(pass.result, pass.source);
    values.generator = values.generator + config_.hue_weight * values.hue;
  }
  if (config_.cold_weight > 0) {
    values.cold = ColdLoss(pass.result, pass.source, pass.target);
    values.generator = values.generator + config_.cold_weight * values.cold;
  }
  if (config_.purple_weight > 0) {
    values.purple = PurpleLoss(pass.result, pass.source, pass.target);
    values.generator = values.generator + config_.purple_weight * values.purple;
  }
  if (pass.of_target.defined()) {
    values.identity =
        (pass.of_target - pass.target.narrow(0, 0, pass.of_target.size(0))).abs().mean();
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
  const double rate = rate_scale_ * LearningRate(config_, temperature, position.step);
  const StepInputs inputs = Draw(position, temperature, rate);
  Replay& replay = ReplayOf(inputs.kind());
  StepValues values =
      Filled(StepValues(), replay.Run(Flat(inputs), [this, inputs](const Replay::Tensors& tensors) {
        return Flat(Run(Filled(inputs, tensors)));
      }));
  by_graph_ = replay.by_graph();
  values.temperature = temperature;
  values.learning_rate = rate;
  return values;
}

Replay& Trainer::ReplayOf(int kind) {
  const auto found = replays_.find(kind);
  if (found != replays_.end()) return found->second;
  // By network and by optimiser's mean: what one of them changes is hidden beside another.
  std::map<std::string, Replay::Tensors> parts;
  for (const auto& [name, tensor] : StateWithReader()) {
    const bool network = name.rfind("optimizer.", 0) != 0;
    parts[network ? name.substr(0, name.find('.')) : name].push_back(tensor);
  }
  std::vector<Replay::Tensors> state;
  for (const auto& [name, tensors] : parts) state.push_back(tensors);
  return replays_.emplace(kind, Replay(make_graph_(device_), state, kReplayTolerance))
      .first->second;
}

StepValues Trainer::Run(const StepInputs& inputs) {
  const Pass pass = Forward(inputs);
  StepValues values = Losses(pass, inputs);
  if (reader_ != nullptr) AddReading(pass, inputs, &values);
  // Both gradients are taken at the weights before the step, so one forward pass serves both.
  const torch::Tensor generator_gradient =
      generator_weights_.Gradient(values.generator, /*retain_graph=*/true);
  torch::Tensor discriminator_gradient =
      discriminator_weights_.Gradient(values.discriminator, false);
  if (inputs.penalty) {
    const auto [gradient, penalty] = Penalty(pass.seen_target);
    discriminator_gradient = discriminator_gradient + gradient;
    values.penalty = penalty;
  }
  const auto rate = [&inputs](StepInputs::Rate which) { return inputs.rates[which]; };
  generator_adam_.Step(generator_gradient, rate(StepInputs::kGeneratorStep),
                       rate(StepInputs::kGeneratorDeviation), generator_weights_.values());
  discriminator_adam_.Step(discriminator_gradient, rate(StepInputs::kDiscriminatorStep),
                           rate(StepInputs::kDiscriminatorDeviation),
                           discriminator_weights_.values());
  if (reader_ != nullptr) values.reader = reader_->Learn(inputs.lesson);
  Grow(inputs, &values);
  UpdateAverage(rate(StepInputs::kAverage));
  for (torch::Tensor* loss : values.Tensors()) {
    if (loss->defined()) *loss = loss->detach();
  }
  return values;
}

void Trainer::AddReading(const Pass& pass, const StepInputs& inputs, StepValues* values) const {
  const AttributeReader::Losses read = reader_->OfResults(pass.result, pass.source, inputs.glance);
  values->kept = read.kept;
  values->aimed = read.aimed;
  if (read.kept.defined()) {
    values->generator = values->generator + KeepWeightOf(inputs) * read.kept;
  }
  if (read.aimed.defined()) values->generator = values->generator + config_.aim_weight * read.aimed;
}

torch::Tensor Trainer::KeepWeightOf(const StepInputs& inputs) const {
  const torch::Tensor weight = inputs.rates[StepInputs::kKeepWeight];
  return keep_growth_ == nullptr ? weight : weight * keep_growth_->Factor();
}

Augmentation Trainer::StrengthOf(const Augmentation& drawn) const {
  return augment_growth_ == nullptr ? drawn : Strengthened(drawn, augment_growth_->Factor());
}

void Trainer::Grow(const StepInputs& inputs, StepValues* values) {
  const torch::Tensor pace = inputs.rates[StepInputs::kGrowthPace];
  if (keep_growth_ != nullptr) {
    keep_growth_->Learn(values->kept / config_.keep_goal - 1, pace);
    values->keep_growth = keep_growth_->Factor();
  }
  if (augment_growth_ != nullptr) {
    const double goal = config_.augment_goal * LossOfGuessing(config_.adversarial);
    augment_growth_->Learn(1 - values->discriminator / goal, pace);
    values->augment_growth = augment_growth_->Factor();
  }
}

bool Trainer::PenaltyDue(const Position& position) const {
  return config_.gradient_penalty > 0 && position.step % config_.gradient_penalty_steps == 0;
}

std::pair<torch::Tensor, torch::Tensor> Trainer::Penalty(const torch::Tensor& seen) {
  // In float32: squares of small gradients vanish in less.
  const torch::Tensor pictures = seen.detach().requires_grad_();
  const torch::Tensor penalty =
      GradientPenalty(discriminator_->forward(pictures, torch::kFloat32), pictures);
  const double weight =
      config_.gradient_penalty * static_cast<double>(config_.gradient_penalty_steps);
  return {discriminator_weights_.Gradient(weight * penalty, false), penalty};
}

// What the discriminator sees of real or of generated pictures.
Augmentation Trainer::DrawSeen(const torch::Tensor& like, const Position& position,
                               uint64_t side) const {
  const Random random(static_cast<uint64_t>(config_.seed), Stream::kAugment,
                      2 * static_cast<uint64_t>(position.step) + side);
  return DrawAugmentation(like, config_.augment, random);
}

torch::Tensor Trainer::Noise(const torch::Tensor& like, const Position& position,
                             double deviation) const {
  if (deviation == 0) return {};
  const Random chance(static_cast<uint64_t>(config_.seed), Stream::kNoise,
                      static_cast<uint64_t>(position.step));
  return TruncatedNoise(like, deviation, Seeded(device_, chance));
}

void Trainer::UpdateAverage(const torch::Tensor& weight) {
  const torch::NoGradGuard guard;
  torch::Tensor(average_weights_.values()).lerp_(generator_weights_.values(), weight);
  const std::vector<torch::Tensor> live = generator_->buffers();
  std::vector<torch::Tensor> average = average_->buffers();
  for (size_t i = 0; i < live.size(); ++i) average[i].lerp_(live[i], weight);
}

torch::Tensor Trainer::Result(const torch::Tensor& pictures) {
  return Generated(*average_, pictures);
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
  for (const auto& named : Growths()) state.push_back(named);
  return state;
}

NamedTensors Trainer::Growths() const {
  NamedTensors growths;
  if (augment_growth_ != nullptr) growths.emplace_back(kAugmentGrowth, augment_growth_->log());
  if (keep_growth_ != nullptr) growths.emplace_back(kKeepGrowth, keep_growth_->log());
  return growths;
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
  if (about.seen.first_step >= 0) {
    scalars.numbers["health.mean"] = about.seen.mean;
    scalars.integers["health.first_step"] = about.seen.first_step;
    scalars.integers["health.latest_step"] = about.seen.latest_step;
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
  checkpoint.Load(State());
  if (reader) checkpoint.Load(reader_->State());
  // Nor have files of trainings without a goal a growth.
  for (const auto& growth : Growths()) {
    if (checkpoint.Has(growth.first)) checkpoint.Load({growth});
  }
  const std::string damaged = FirstNotFinite(StateWithReader());
  if (!damaged.empty()) {
    throw EngineError(
        ErrorClass::kTask, "diverged",
        "The checkpoint's " + damaged + " is no number, so nothing can go on from it.",
        "Train on from an earlier checkpoint.");
  }
  if (reader) reader_->SetSteps(checkpoint.Integer("optimizer.reader.steps"));
  generator_adam_.steps = checkpoint.Integer("optimizer.generator.steps");
  discriminator_adam_.steps = checkpoint.Integer("optimizer.discriminator.steps");
  source_.Seek(checkpoint.Integer("random.source_position"));
  target_.Seek(checkpoint.Integer("random.target_position"));
  // Files of earlier versions have none.
  const std::string scale = "schedule.rate_scale";
  rate_scale_ = checkpoint.Has(scale) ? checkpoint.Number(scale) : 1;
  if (rate_scale_ <= 0 || rate_scale_ > 1) checkpoint.Refuse(scale + " is not within 0 and 1");
  const Position position = {checkpoint.Integer("schedule.step"),
                             checkpoint.Number("schedule.elapsed_seconds")};
  if (position.step != checkpoint.info().step)
    checkpoint.Refuse("schedule.step is not the step of its metadata");
  if (position.elapsed_seconds < 0) checkpoint.Refuse("schedule.elapsed_seconds is below 0");
  return position;
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
