#include "worker/engine/attribute_reader.h"

#include <algorithm>

namespace makeover::engine {
namespace {

// Of the published ranges: hair stays black and skin pale.
constexpr double kAugment = 0.3;
// Who can read in noise looks at shapes and not at single pixels, and so must who pleases it. Some
// pictures have hardly any: wrinkles are fine lines, and without them old faces read as young.
constexpr double kNoise = 0.15;
// Below this a change of certainty weighs as its square: who only began to change is not held.
constexpr double kLittle = 0.1;
// How wide the line between yes and no is, in deviations of the logits among sources: another
// reader draws it elsewhere.
constexpr double kLineWidth = 0.5;
// What is known of that deviation before any source is read, as much as so many sources tell.
constexpr double kUsualDeviation = 1.5;
constexpr double kUsualSources = 2;
// Shares nearer to none or all are taken as if they were not.
constexpr double kShareMin = 0.02;

// The attributes of kept or aimed ones.
template <typename Item>
torch::Tensor Numbers(const std::vector<Item>& items, const torch::Device& device) {
  std::vector<int64_t> numbers;
  for (const Item& item : items) numbers.push_back(item.attribute);
  return torch::tensor(numbers, torch::kLong).to(device);
}

// Where logits are normally distributed, the given shares lie above these lines.
torch::Tensor KeptLines(const FaceLabels& labels, const torch::Device& device) {
  std::vector<double> below;
  for (const FaceLabels::Kept& kept : labels.kept)
    below.push_back(1 - std::clamp(kept.share, kShareMin, 1 - kShareMin));
  const torch::Tensor lines = torch::special_ndtri(torch::tensor(below, torch::kFloat64));
  return lines.to(torch::kFloat32).unsqueeze(0).to(device);
}

torch::Tensor AimedValues(const FaceLabels& labels, const torch::Device& device) {
  std::vector<float> values;
  for (const FaceLabels::Aimed& aimed : labels.aimed) values.push_back(aimed.value ? 1.0F : 0.0F);
  return torch::tensor(values).unsqueeze(0).to(device);
}

// Of its own, so that no seed of a training makes the reader a judge's twin.
uint64_t LearnerSeed(uint64_t seed) { return Random(seed, Stream::kReader, 0).Next(); }

}  // namespace

AttributeReader::AttributeReader(const Options& options, const FaceLabels& labels,
                                 const PixelCache& cache, const torch::Device& device)
    : kept_(Numbers(labels.kept, device)),
      lines_(KeptLines(labels, device)),
      aimed_(Numbers(labels.aimed, device)),
      values_(AimedValues(labels, device)),
      turnover_(options.turnover),
      type_(options.type),
      learner_({labels.learn, LearnerSeed(options.seed), /*people=*/false, kNoise, options.type},
               labels.population, cache, device) {}

std::vector<torch::Tensor*> AttributeReader::Glance::Tensors() {
  std::vector<torch::Tensor*> tensors = augmentation.Tensors();
  for (torch::Tensor* tensor : heard.Tensors()) tensors.push_back(tensor);
  tensors.push_back(&noise);
  return tensors;
}

AttributeReader::Glance AttributeReader::DrawGlance(const torch::Tensor& like,
                                                    const Random& chance) const {
  const torch::Generator random = Seeded(like.device(), chance);
  Glance glance;
  glance.augmentation = DrawAugmentation(like, kAugment, chance);
  glance.noise = DrawNoise(like, kNoise, random);
  glance.heard = learner_.average()->DrawHeard(like.size(0), random);
  return glance;
}

torch::Tensor AttributeReader::Logits(const torch::Tensor& pictures, const Glance& glance) const {
  const torch::Tensor seen = Augment(pictures, glance.augmentation) + glance.noise;
  return learner_.average()(seen, glance.heard, type_).logits;
}

// The mean change of certainty, rounded off near 0. With a turnover of 1 it is the share of
// readings that turn over: towards the other side it counts by the certainty with which the source
// is on this one, and away from it by how little that is, for who is young and becomes younger
// turns over hardly anything. Logits are seen against the sources': some attributes are read with
// much less certainty than others, and most logits of a rare one lie on the same side of 0, yet
// each turns over as soon as the others.
torch::Tensor AttributeReader::Changed(const torch::Tensor& sources,
                                       const torch::Tensor& results) const {
  const torch::Tensor mean = sources.mean(0, true);
  const torch::Tensor squares = (sources - mean).square().sum(0, true);
  const double degrees = static_cast<double>(sources.size(0)) - 1 + kUsualSources;
  const torch::Tensor deviation =
      ((squares + kUsualSources * kUsualDeviation * kUsualDeviation) / degrees).sqrt();
  const torch::Tensor line = mean + lines_ * deviation;
  const auto certainty = [&](const torch::Tensor& logits) {
    return ((logits - line) / (kLineWidth * deviation)).sigmoid();
  };
  const torch::Tensor had = certainty(sources);
  const torch::Tensor change = certainty(results) - had;
  const torch::Tensor rounded = (change.square() + kLittle * kLittle).sqrt() - kLittle;
  const torch::Tensor turned = torch::where(change < 0, had, 1 - had);
  return ((1 - turnover_ + turnover_ * turned) * rounded).mean();
}

torch::Tensor AttributeReader::ConstantLogits(const torch::Tensor& pictures,
                                              const Glance& glance) const {
  const torch::NoGradGuard guard;
  return Logits(pictures, glance);
}

AttributeReader::Losses AttributeReader::OfResults(const torch::Tensor& results,
                                                   const torch::Tensor& sources,
                                                   const Glance& glance) const {
  const torch::Tensor read = Logits(results, glance);
  Losses losses;
  if (kept_.numel() > 0) {
    losses.kept = Changed(ConstantLogits(sources, glance).index_select(1, kept_),
                          read.index_select(1, kept_));
  }
  if (aimed_.numel() > 0) {
    const torch::Tensor some = read.index_select(1, aimed_);
    losses.aimed = torch::binary_cross_entropy_with_logits(some, values_.expand_as(some));
  }
  return losses;
}

JudgeLearner::Lesson AttributeReader::NextLesson(double progress) {
  if (progress >= kLearnShare) return {};
  return learner_.Next(progress / kLearnShare);
}

torch::Tensor AttributeReader::Learn(const JudgeLearner::Lesson& lesson) {
  return lesson.any() ? learner_.Learn(lesson) : torch::Tensor();
}

}  // namespace makeover::engine
