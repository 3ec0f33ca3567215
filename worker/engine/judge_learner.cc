#include "worker/engine/judge_learner.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "worker/engine/batch.h"
#include "worker/engine/judge.h"
#include "worker/engine/random.h"
#include "worker/engine/send.h"

namespace makeover::engine {
namespace {

constexpr int64_t kWarmUpSteps = 100;
constexpr double kRate = 2e-3;
constexpr double kWeightDecay = 0.05;
constexpr double kAverageDecay = 0.99;
constexpr int64_t kShiftMax = 3;           // pixels
constexpr double kIdentityWeight = 0.003;  // beside a mean over attributes
constexpr double kCosineScale = 16;
constexpr double kCosineMargin = 0.2;

// Moved by whole pixels, the edge drawn out.
void PutShifted(const uint8_t* from, PixelShape shape, int64_t dy, int64_t dx, uint8_t* to) {
  for (int64_t y = 0; y < shape.height; ++y) {
    const int64_t from_y = std::clamp<int64_t>(y + dy, 0, shape.height - 1);
    for (int64_t x = 0; x < shape.width; ++x) {
      const int64_t from_x = std::clamp<int64_t>(x + dx, 0, shape.width - 1);
      std::copy_n(from + (from_y * shape.width + from_x) * 3, 3, to + (y * shape.width + x) * 3);
    }
  }
}

void Decay(torch::Tensor values, const torch::Tensor& factor) {
  const torch::NoGradGuard guard;
  values.mul_(factor);
}

}  // namespace

torch::Generator Seeded(const torch::Device& device, Random chance) {
  // LibTorch 1.13 never frees a clone, and one of the processor's has 2.5 kB.
  if (device.is_cpu()) return at::detail::createCPUGenerator(chance.Next());
  // Not the device's own one, which a recording of its work would take.
  torch::Generator random = at::globalContext().defaultGenerator(device).clone();
  random.set_current_seed(chance.Next());
  return random;
}

torch::Tensor DrawNoise(const torch::Tensor& like, double most, const torch::Generator& random) {
  const torch::TensorOptions options = like.options().requires_grad(false);
  torch::Tensor deviation = torch::empty({like.size(0), 1, 1, 1}, options);
  deviation.uniform_(0, most, random);
  // Row after row, in which order LibTorch draws several at once.
  torch::Tensor noise = torch::empty(like.sizes(), options);
  noise.normal_(0, 1, random);
  return deviation * noise;
}

JudgeLearner::JudgeLearner(Lessons lessons, const Population& population, const PixelCache& cache,
                           const torch::Device& device)
    : lessons_(std::move(lessons)),
      population_(population),
      cache_(cache),
      device_(device),
      sampler_(lessons_.rows, lessons_.seed, Stream::kJudgeOrder, Stream::kJudgeFlip),
      network_(Fresh()),
      average_(Fresh()),
      weights_((network_->to(device_), *network_)),
      average_weights_((average_->to(device_), *average_)),
      adam_(weights_.values(), {}) {
  average_->eval();
  for (const torch::Tensor& weight : average_weights_.parameters())
    torch::Tensor(weight).requires_grad_(false);
  if (!lessons_.people) return;
  for (const int64_t row : lessons_.rows) {
    const int64_t identity = population.identities[static_cast<size_t>(row)];
    if (identity >= 0) people_.emplace(identity, static_cast<int64_t>(people_.size()));
  }
  if (knows_people()) AddPeople();
}

std::vector<torch::Tensor*> JudgeLearner::Lesson::Tensors() {
  std::vector<torch::Tensor*> tensors = heard.Tensors();
  for (torch::Tensor* tensor : {&pictures, &labels, &known, &identities, &rates})
    tensors.push_back(tensor);
  return tensors;
}

JudgeLearner::Lesson JudgeLearner::Next(double done) {
  sampler_.Seek(steps() * kJudgeBatch);
  const std::vector<Draw> draws = sampler_.Next(kJudgeBatch, true);
  const torch::Generator random =
      Seeded(device_, Random(lessons_.seed, Stream::kJudgeDropout, static_cast<uint64_t>(steps())));
  Lesson lesson;
  lesson.pictures = Relit(Batch(draws));
  if (lessons_.noise > 0)
    lesson.pictures = lesson.pictures + DrawNoise(lesson.pictures, lessons_.noise, random);
  lesson.heard = network_->DrawHeard(kJudgeBatch, random);
  lesson.labels = Labels(draws);
  if (knows_people()) AddKnown(draws, &lesson);
  const double warm = std::min(1.0, static_cast<double>(steps() + 1) / kWarmUpSteps);
  lesson.rates = Rates(kRate * warm * 0.5 * (1 + std::cos(M_PI * done)));
  return lesson;
}

torch::Tensor JudgeLearner::Rates(double rate) {
  const auto n = static_cast<double>(steps());
  const Adam::Rates network = adam_.Next(rate);
  const Adam::Rates people = knows_people() ? people_adam_->Next(rate) : Adam::Rates();
  std::vector<float> rates(kRates);
  rates[kStep] = network.step;
  rates[kDeviation] = network.deviation;
  rates[kPeopleStep] = people.step;
  rates[kPeopleDeviation] = people.deviation;
  rates[kDecay] = static_cast<float>(1 - rate * kWeightDecay);
  rates[kAverage] = static_cast<float>(1 - std::min(kAverageDecay, (n + 1) / (n + 10)));
  return Send(torch::tensor(rates), device_);
}

torch::Tensor JudgeLearner::Learn(const Lesson& lesson) {
  const JudgeOutput output = network_(lesson.pictures, lesson.heard, lessons_.type);
  torch::Tensor loss = torch::binary_cross_entropy_with_logits(output.logits, lesson.labels);
  if (knows_people()) loss = loss + kIdentityWeight * IdentityLoss(output.embeddings, lesson);
  const torch::Tensor gradient = weights_.Gradient(loss, /*retain_graph=*/knows_people());
  if (knows_people()) StepPeople(loss, lesson.rates);
  Decay(weights_.values(), lesson.rates[kDecay]);
  adam_.Step(gradient, lesson.rates[kStep], lesson.rates[kDeviation], weights_.values());
  Average(lesson.rates[kAverage]);
  return loss.detach();
}

JudgeNetwork JudgeLearner::Fresh() const {
  JudgeNetwork network(static_cast<int64_t>(population_.attributes.size()));
  Initialise(network, lessons_.seed);
  return network;
}

void JudgeLearner::AddPeople() {
  const auto count = static_cast<int64_t>(people_.size());
  torch::Tensor values = torch::empty({count, kJudgeEmbedding}, torch::kFloat32);
  Random random(lessons_.seed, Stream::kJudgeWeights, 1);
  float* out = values.data_ptr<float>();
  for (int64_t i = 0; i < values.numel(); ++i)
    out[i] = static_cast<float>(random.Below(2001)) / 1000.0F - 1.0F;
  directions_ = values.to(device_).requires_grad_(true);
  people_adam_ = std::make_unique<Adam>(directions_.detach(), Adam::Options{});
}

torch::Tensor JudgeLearner::Batch(const std::vector<Draw>& draws) const {
  const PixelShape shape = cache_.shape();
  const auto bytes = static_cast<size_t>(shape.bytes());
  std::vector<uint8_t> pixels(draws.size() * bytes);
  std::vector<uint8_t> flips;
  Random random(lessons_.seed, Stream::kJudgeJitter, 2 * static_cast<uint64_t>(steps()));
  const auto shift = [&random] {
    return static_cast<int64_t>(random.Below(2 * kShiftMax + 1)) - kShiftMax;
  };
  for (size_t i = 0; i < draws.size(); ++i) {
    const int64_t dy = shift();
    PutShifted(cache_.Row(draws[i].row), shape, dy, shift(), pixels.data() + i * bytes);
    flips.push_back(draws[i].flip ? 1 : 0);
  }
  return MakeBatch(pixels.data(), flips, shape, device_);
}

// Contrast within 15 %, brightness within 0.05, each colour within 0.03.
torch::Tensor JudgeLearner::Relit(const torch::Tensor& x) const {
  Random random(lessons_.seed, Stream::kJudgeJitter, 2 * static_cast<uint64_t>(steps()) + 1);
  const auto draw = [&random](double range) {
    return static_cast<float>(range * (static_cast<double>(random.Below(2001)) / 1000 - 1));
  };
  const torch::Tensor contrast = torch::empty({x.size(0), 1, 1, 1}, torch::kFloat32);
  const torch::Tensor light = torch::empty({x.size(0), 3, 1, 1}, torch::kFloat32);
  for (int64_t i = 0; i < x.size(0); ++i) {
    contrast.data_ptr<float>()[i] = 1 + draw(0.15);
    const float brightness = draw(0.05);
    for (int64_t c = 0; c < 3; ++c) light.data_ptr<float>()[3 * i + c] = brightness + draw(0.03);
  }
  return x * Send(contrast, device_) + Send(light, device_);
}

torch::Tensor JudgeLearner::Labels(const std::vector<Draw>& draws) const {
  const size_t attributes = population_.attributes.size();
  const torch::Tensor labels = torch::empty(
      {static_cast<int64_t>(draws.size()), static_cast<int64_t>(attributes)}, torch::kFloat32);
  float* out = labels.data_ptr<float>();
  for (const Draw& draw : draws) {
    const uint64_t bits = population_.bits[static_cast<size_t>(draw.row)];
    for (size_t i = 0; i < attributes; ++i) *out++ = static_cast<float>(bits >> i & 1);
  }
  return Send(labels, device_);
}

void JudgeLearner::AddKnown(const std::vector<Draw>& draws, Lesson* lesson) const {
  std::vector<int64_t> known;
  std::vector<int64_t> persons;
  for (size_t i = 0; i < draws.size(); ++i) {
    const auto found = people_.find(population_.identities[static_cast<size_t>(draws[i].row)]);
    if (found == people_.end()) continue;
    known.push_back(static_cast<int64_t>(i));
    persons.push_back(found->second);
  }
  lesson->known = Send(torch::tensor(known, torch::kLong), device_);
  lesson->identities = Send(torch::tensor(persons, torch::kLong), device_);
}

// Pictures without an identity are left out.
torch::Tensor JudgeLearner::IdentityLoss(const torch::Tensor& embeddings,
                                         const Lesson& lesson) const {
  if (lesson.known.numel() == 0) return embeddings.sum() * 0;
  const torch::Tensor person = lesson.identities;
  const torch::Tensor some = embeddings.index_select(0, lesson.known);
  const torch::Tensor cosines =
      torch::matmul(some, (directions_ / directions_.norm(2, 1, true)).t());
  const torch::Tensor margin =
      torch::zeros_like(cosines).scatter_(1, person.unsqueeze(1), kCosineMargin);
  return torch::cross_entropy_loss(kCosineScale * (cosines - margin), person);
}

void JudgeLearner::StepPeople(const torch::Tensor& loss, const torch::Tensor& rates) {
  const torch::Tensor gradient = torch::autograd::grad({loss}, {directions_})[0];
  people_adam_->Step(gradient, rates[kPeopleStep], rates[kPeopleDeviation], directions_.detach());
}

void JudgeLearner::Average(const torch::Tensor& weight) {
  const torch::NoGradGuard guard;
  torch::Tensor(average_weights_.values()).lerp_(weights_.values(), weight);
  const std::vector<torch::Tensor> live = network_->buffers();
  std::vector<torch::Tensor> average = average_->buffers();
  for (size_t i = 0; i < live.size(); ++i) average[i].lerp_(live[i], weight);
}

NamedTensors JudgeLearner::State() const {
  NamedTensors state = TensorsOf("reader", *network_);
  for (const auto& named : TensorsOf("reader_ema", *average_)) state.push_back(named);
  state.emplace_back("optimizer.reader.mean", adam_.mean);
  state.emplace_back("optimizer.reader.variance", adam_.variance);
  return state;
}

}  // namespace makeover::engine
