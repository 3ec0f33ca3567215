#include "worker/engine/attribute_reader.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <vector>

#include "tests/engine/scratch.h"
#include "worker/engine/batch.h"

namespace makeover::engine {
namespace {

constexpr PixelShape kShape = {40, 48};
constexpr int64_t kRows = 64;
constexpr int kBright = 0;
constexpr int kStriped = 1;
constexpr int64_t kSteps = 60;

// Row r has "bright" where r is odd and "striped" where r & 2.
Population Drawn() {
  Population population;
  population.attributes = {"bright", "striped"};
  for (int64_t row = 0; row < kRows; ++row)
    population.bits.push_back(static_cast<uint64_t>(row % 4));
  population.partitions.assign(kRows, 0);
  population.identities.assign(kRows, -1);
  return population;
}

// What half of the faces have.
constexpr FaceLabels::Kept kKeptBright = {kBright, 0.5};

FaceLabels Labels(std::vector<FaceLabels::Kept> kept, std::vector<FaceLabels::Aimed> aimed) {
  FaceLabels labels;
  labels.population = Drawn();
  for (int64_t row = 0; row < kRows; ++row) labels.learn.push_back(row);
  labels.kept = std::move(kept);
  labels.aimed = std::move(aimed);
  return labels;
}

// Bright pictures are so at 170 rather than 60, stripes are 70 brighter every eighth line.
std::vector<uint8_t> Picture(int64_t row) {
  std::vector<uint8_t> pixels;
  Random noise(7, Stream::kNoise, static_cast<uint64_t>(row));
  for (int64_t y = 0; y < kShape.height; ++y) {
    for (int64_t i = 0; i < 3 * kShape.width; ++i) {
      const int64_t level = (row % 2 == 1 ? 170 : 60) + ((row & 2) != 0 && y % 8 < 4 ? 70 : 0);
      pixels.push_back(static_cast<uint8_t>(level + static_cast<int64_t>(noise.Below(10))));
    }
  }
  return pixels;
}

AttributeReader::Losses Read(const AttributeReader& reader, const torch::Tensor& results,
                             const torch::Tensor& sources) {
  const Random chance(1, Stream::kReader, 200);
  return reader.OfResults(results, sources, reader.DrawGlance(sources, chance));
}

class AttributeReaderTest : public testing::Test {
 protected:
  AttributeReaderTest() {
    PixelCacheWriter writer(scratch_ / "drawn.pixels", kShape, kRows);
    for (int64_t row = 0; row < kRows; ++row) writer.Put(row, Picture(row));
    writer.Commit();
    cache_ = std::make_unique<PixelCache>(scratch_ / "drawn.pixels");
  }

  // The labels outlive it.
  AttributeReader Untaught(const FaceLabels& labels, torch::ScalarType type = torch::kFloat32,
                           double turnover = 1) const {
    return {{/*seed=*/1, turnover, type}, labels, *cache_, torch::kCPU};
  }
  AttributeReader Taught(const FaceLabels& labels, int64_t steps = kSteps,
                         double turnover = 1) const {
    AttributeReader reader = Untaught(labels, torch::kFloat32, turnover);
    for (int64_t step = 0; step < steps; ++step) {
      const double share = static_cast<double>(step) / static_cast<double>(steps);
      (void)reader.Learn(reader.NextLesson(AttributeReader::kLearnShare * share));
    }
    return reader;
  }

  // Of dark results of bright sources and the other way about.
  double LossOfOthers(const AttributeReader& reader) const {
    std::vector<int64_t> sources;
    std::vector<int64_t> others;
    for (int64_t row = 0; row < 16; ++row) {
      sources.push_back(row);
      others.push_back(row ^ 1);
    }
    return Read(reader, Pictures(others), Pictures(sources)).kept.item<double>();
  }

  torch::Tensor Pictures(const std::vector<int64_t>& rows) const {
    std::vector<Draw> draws;
    for (const int64_t row : rows) draws.push_back({row, false});
    return MakeBatch(*cache_, draws, torch::kCPU);
  }

  const Scratch scratch_;
  std::unique_ptr<PixelCache> cache_;
};

double GradientLength(const torch::Tensor& loss, const torch::Tensor& pictures) {
  return torch::autograd::grad({loss}, {pictures})[0].norm().item<double>();
}

TEST(NoiseTest, EachPictureHasOneOfItsOwnStrength) {
  const torch::Tensor grey = torch::full({64, 3, 40, 48}, 0.5);
  const auto noisy = [&grey](uint64_t chance) {
    const torch::Generator random = Seeded(torch::kCPU, Random(chance, Stream::kJudgeDropout, 0));
    return grey + DrawNoise(grey, 0.2, random);
  };
  const torch::Tensor strengths = noisy(1).flatten(1).std(1);
  EXPECT_LT(strengths.max().item<float>(), 0.21F);
  EXPECT_GT(strengths.max().item<float>(), 0.16F);
  EXPECT_LT(strengths.min().item<float>(), 0.04F);
  EXPECT_NEAR(noisy(1).mean().item<float>(), 0.5, 0.001);
  EXPECT_TRUE(torch::equal(noisy(1), noisy(1)));
  EXPECT_FALSE(torch::equal(noisy(1), noisy(2)));
}

// A training seeds several in each of its steps.
TEST(SeededTest, WhatItTakesIsGivenBack) {
  const auto seed = [](uint64_t chance) {
    return Seeded(torch::kCPU, Random(chance, Stream::kNoise, 0));
  };
  (void)seed(0);
  const size_t before = mallinfo2().uordblks;
  for (uint64_t i = 0; i < 100; ++i) (void)seed(i);
  EXPECT_LT(mallinfo2().uordblks, before + 20'000);
}

TEST_F(AttributeReaderTest, AResultThatKeepsAnAttributeLosesLeast) {
  const FaceLabels labels = Labels({kKeptBright}, {});
  const torch::Tensor sources = Pictures({0, 1, 2, 3});
  for (const auto& [turnover, least] : {std::pair{0.0, 0.6}, {1.0, 0.55}}) {
    const AttributeReader reader = Taught(labels, kSteps, turnover);
    const torch::Tensor same = sources.clone().requires_grad_();
    const torch::Tensor other = Pictures({1, 0, 3, 2}).requires_grad_();
    const torch::Tensor at_same = Read(reader, same, sources).kept;
    const torch::Tensor at_other = Read(reader, other, sources).kept;
    EXPECT_NEAR(at_same.item<double>(), 0, 1e-6);
    EXPECT_GT(at_other.item<double>(), least);
    EXPECT_LT(at_other.item<double>(), 1);
    EXPECT_LT(GradientLength(at_same, same), 1e-6);
    EXPECT_GT(GradientLength(at_other, other), 1e-3);
  }
}

TEST_F(AttributeReaderTest, WhatIsReadWithLittleCertaintyCountsAsMuch) {
  const FaceLabels labels = Labels({kKeptBright}, {});
  const AttributeReader reader = Taught(labels);
  const double certain = LossOfOthers(reader);
  const torch::NoGradGuard guard;
  for (auto& [name, tensor] : reader.State()) {
    if (name.rfind("reader_ema.attribute_", 0) == 0) torch::Tensor(tensor).mul_(0.2);
  }
  EXPECT_NEAR(LossOfOthers(reader), certain, 0.1);
}

// Of sources half are plainly bright or dark, half are doubtful. Either half may become as the
// other.
TEST_F(AttributeReaderTest, WhoIsMoreOfWhatHeWasTurnsNothingOver) {
  const FaceLabels labels = Labels({kKeptBright}, {});
  const torch::Tensor plain = Pictures({0, 1, 2, 3, 4, 5, 6, 7});
  const torch::Tensor doubtful = torch::lerp(plain, Pictures({1, 0, 3, 2, 5, 4, 7, 6}), 0.1);
  const torch::Tensor sources = torch::cat({plain, doubtful});
  const auto losses = [&](double turnover) {
    const AttributeReader reader = Taught(labels, kSteps, turnover);
    const auto kept = [&](const torch::Tensor& results) {
      return Read(reader, results, sources).kept.item<double>();
    };
    return std::pair(kept(torch::cat({doubtful, doubtful})), kept(torch::cat({plain, plain})));
  };
  const auto [all_doubtful, all_plain] = losses(1);
  EXPECT_GT(all_doubtful, 2.5 * all_plain);
  EXPECT_GT(all_plain, 0);
  const auto [to_doubtful, to_plain] = losses(0);
  EXPECT_LT(to_doubtful, 2 * to_plain);
  EXPECT_GT(to_doubtful, all_doubtful);
}

// The same change turns over fewer readings where hardly a source, or nearly every one, has it.
TEST_F(AttributeReaderTest, TheLineLiesWhereTheSourcesShareSays) {
  const auto loss = [this](double share) {
    const FaceLabels labels = Labels({{kBright, share}}, {});
    return LossOfOthers(Taught(labels, 30));
  };
  const double half = loss(0.5);
  EXPECT_LT(loss(0.1), half - 0.1);
  EXPECT_LT(loss(0.9), half - 0.1);
  EXPECT_GT(loss(0), 0);
  EXPECT_LT(loss(0), loss(0.1));
}

TEST_F(AttributeReaderTest, OnlyWhatShallBeKeptIsCompared) {
  const FaceLabels labels = Labels({kKeptBright}, {});
  const AttributeReader reader = Taught(labels);
  const torch::Tensor sources = Pictures({0, 1, 4, 5});
  const auto kept = [&](const torch::Tensor& results) {
    return Read(reader, results, sources).kept.item<double>();
  };
  EXPECT_NEAR(kept(Pictures({2, 3, 6, 7})), kept(sources), 0.15);
  EXPECT_FALSE(Read(reader, sources, sources).aimed.defined());
}

TEST_F(AttributeReaderTest, AResultThatReachesTheAimLosesLeast) {
  const FaceLabels labels = Labels({kKeptBright}, {{kStriped, true}});
  const AttributeReader reader = Taught(labels);
  const auto aimed = [&](const torch::Tensor& results) {
    return Read(reader, results, results).aimed.item<double>();
  };
  EXPECT_LT(aimed(Pictures({2, 3, 6, 7})), 0.3);
  EXPECT_GT(aimed(Pictures({0, 1, 4, 5})), 1);
}

TEST_F(AttributeReaderTest, AnAimCanBeThatSomethingGoes) {
  const FaceLabels labels = Labels({}, {{kStriped, false}});
  const AttributeReader reader = Taught(labels);
  const AttributeReader::Losses losses = Read(reader, Pictures({0, 1}), Pictures({2, 3}));
  EXPECT_FALSE(losses.kept.defined());
  EXPECT_LT(losses.aimed.item<double>(), 0.3);
}

TEST_F(AttributeReaderTest, LearnsEarlyAndIsThenAtRest) {
  const FaceLabels labels = Labels({kKeptBright}, {});
  AttributeReader reader = Untaught(labels);
  const auto learn = [&reader](double share) {
    return reader.Learn(reader.NextLesson(AttributeReader::kLearnShare * share));
  };
  EXPECT_TRUE(learn(0).defined());
  EXPECT_TRUE(learn(0.99).defined());
  EXPECT_FALSE(learn(1).defined());
  EXPECT_EQ(reader.steps(), 2);
}

TEST_F(AttributeReaderTest, LearnsAndReadsInBfloat16TooButForItsRounding) {
  const FaceLabels labels = Labels({kKeptBright}, {{kStriped, true}});
  AttributeReader exact = Untaught(labels);
  AttributeReader rounding = Untaught(labels, torch::kBFloat16);
  const auto differ = [](const torch::Tensor& one, const torch::Tensor& other) {
    return std::abs(one.item<double>() / other.item<double>() - 1);
  };
  for (int64_t step = 0; step < kSteps; ++step) {
    const double share = static_cast<double>(step) / kSteps;
    const auto learn = [share](AttributeReader* reader) {
      return reader->Learn(reader->NextLesson(AttributeReader::kLearnShare * share));
    };
    const double loss = differ(learn(&exact), learn(&rounding));
    EXPECT_LT(loss, 0.2) << step;
    EXPECT_TRUE(step > 0 || loss > 0);
  }
  const auto read = [this](const AttributeReader& reader) {
    return Read(reader, Pictures({0, 1, 2}), Pictures({1, 3, 2}));
  };
  EXPECT_LT(differ(read(exact).kept, read(rounding).kept), 0.1);
  EXPECT_LT(differ(read(exact).aimed, read(rounding).aimed), 0.1);
  EXPECT_EQ(read(rounding).kept.scalar_type(), torch::kFloat32);
}

// Dropout, order, shifts and light come back with the count of steps.
TEST_F(AttributeReaderTest, GoesOnFromItsStateBitForBit) {
  const FaceLabels labels = Labels({kKeptBright}, {});
  AttributeReader straight = Untaught(labels);
  AttributeReader resumed = Untaught(labels);
  (void)straight.Learn(straight.NextLesson(0));
  {
    const torch::NoGradGuard guard;
    const NamedTensors from = straight.State();
    const NamedTensors to = resumed.State();
    for (size_t i = 0; i < from.size(); ++i) to[i].second.copy_(from[i].second);
    resumed.SetSteps(straight.steps());
  }
  (void)straight.Learn(straight.NextLesson(0.1));
  torch::manual_seed(99);
  (void)resumed.Learn(resumed.NextLesson(0.1));
  const NamedTensors one = straight.State();
  const NamedTensors other = resumed.State();
  for (size_t i = 0; i < one.size(); ++i)
    EXPECT_TRUE(torch::equal(one[i].second, other[i].second)) << one[i].first;
}

}  // namespace
}  // namespace makeover::engine
