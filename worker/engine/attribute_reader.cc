#include "worker/engine/attribute_reader.h"

#include "worker/engine/augment.h"

namespace makeover::engine {
namespace {

// Of the published ranges: hair stays black and skin pale.
constexpr double kAugment = 0.3;
// Who can read in noise looks at shapes and not at single pixels, and so must who pleases it. Some
// pictures have hardly any: wrinkles are fine lines, and without them old faces read as young.
constexpr double kNoise = 0.15;
// Below this a change of certainty weighs as its square: who only began to change is not held.
constexpr double kLittle = 0.1;

torch::Tensor Numbers(const std::vector<int64_t>& numbers, const torch::Device& device) {
  return torch::tensor(numbers, torch::kLong).to(device);
}

torch::Tensor AimedNumbers(const FaceLabels& labels, const torch::Device& device) {
  std::vector<int64_t> numbers;
  for (const FaceLabels::Aimed& aimed : labels.aimed) numbers.push_back(aimed.attribute);
  return Numbers(numbers, device);
}

torch::Tensor AimedValues(const FaceLabels& labels, const torch::Device& device) {
  std::vector<float> values;
  for (const FaceLabels::Aimed& aimed : labels.aimed) values.push_back(aimed.value ? 1.0F : 0.0F);
  return torch::tensor(values).unsqueeze(0).to(device);
}

// The mean change of certainty, which is the share of faces that would be read otherwise if the
// line between yes and no were drawn anywhere, by chance; rounded off near 0.
torch::Tensor Moved(const torch::Tensor& from, const torch::Tensor& to) {
  return ((to - from).square() + kLittle * kLittle).sqrt().mean() - kLittle;
}

// Of its own, so that no seed of a training makes the reader a judge's twin.
uint64_t LearnerSeed(uint64_t seed) { return Random(seed, Stream::kReader, 0).Next(); }

}  // namespace

AttributeReader::AttributeReader(uint64_t seed, const FaceLabels& labels, const PixelCache& cache,
                                 const torch::Device& device)
    : kept_(Numbers({labels.kept.begin(), labels.kept.end()}, device)),
      aimed_(AimedNumbers(labels, device)),
      values_(AimedValues(labels, device)),
      learner_({labels.learn, LearnerSeed(seed), /*people=*/false, kNoise}, labels.population,
               cache, device) {
  learner_.LetAverageDropOut();
}

torch::Tensor AttributeReader::Logits(const torch::Tensor& pictures, const Random& chance) const {
  const torch::Generator random = SeedDropout(values_.device(), chance);
  return learner_.average()(InNoise(Augment(pictures, kAugment, chance), kNoise, random)).logits;
}

torch::Tensor AttributeReader::Certainties(const torch::Tensor& pictures,
                                           const Random& chance) const {
  const torch::NoGradGuard guard;
  return Logits(pictures, chance).index_select(1, kept_).sigmoid();
}

AttributeReader::Losses AttributeReader::OfResults(const torch::Tensor& results,
                                                   const torch::Tensor& sources,
                                                   const Random& chance) const {
  const torch::Tensor read = Logits(results, chance);
  Losses losses;
  if (kept_.numel() > 0) {
    losses.kept = Moved(Certainties(sources, chance), read.index_select(1, kept_).sigmoid());
  }
  if (aimed_.numel() > 0) {
    const torch::Tensor some = read.index_select(1, aimed_);
    losses.aimed = torch::binary_cross_entropy_with_logits(some, values_.expand_as(some));
  }
  return losses;
}

torch::Tensor AttributeReader::Learn(double progress) {
  if (progress >= kLearnShare) return {};
  return learner_.Step(progress / kLearnShare);
}

}  // namespace makeover::engine
