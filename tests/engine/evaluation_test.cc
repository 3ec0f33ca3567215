#include "worker/engine/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tests/engine/noise_faces.h"
#include "tests/engine/scratch.h"
#include "worker/engine/aim.h"
#include "worker/engine/judge_file.h"

namespace makeover::engine {
namespace {

constexpr int64_t kRows = 30;
constexpr PixelShape kShape = {48, 40};
constexpr int kMale = 0;

// Noise, and a judge that was taught nothing, so that its opinions differ from face to face.
class EvaluationTest : public testing::Test {
 protected:
  EvaluationTest() {
    WriteNoiseFaces(scratch_ / "noise.pixels", kShape, kRows);
    population_.attributes = {"Male", "Smiling", "Young", "Bangs"};
    population_.bits.assign(kRows, 0);
    population_.partitions.assign(kRows, 2);
    population_.identities.assign(kRows, -1);
    aim_.terms = {{kMale, false}};
    aim_.headline_terms = 1;
    aim_.named = 1;
    aim_.met = aim_.met_wholly = [](uint64_t bits) { return (bits & 1) == 0; };
    for (int64_t row = 0; row < kRows; ++row) faces_.sources.push_back(row);
    faces_.targets = faces_.all = faces_.sources;
    WriteMindfulJudge();
  }

  // Each attribute's threshold is such that half of the faces have it, and on none of their
  // margins: these differ in their last bits by a face's place among others.
  void WriteMindfulJudge() {
    TrainedJudge judge(4);
    Initialise(judge.network, 5);
    const JudgeInfo info = {"key", population_.attributes, kShape, false};
    WriteJudge(scratch_ / "judge", judge, info);
    const std::vector<float> margins = VerdictsOn(AllRows()).margins;
    const torch::Tensor seen = torch::tensor(margins).reshape({kRows, 4});
    const torch::Tensor sorted = std::get<0>(seen.sort(0));
    judge.threshold = (sorted[kRows / 2 - 1] + sorted[kRows / 2]) / 2;
    WriteJudge(scratch_ / "judge", judge, info);
  }

  std::vector<std::vector<uint8_t>> AllRows() const {
    std::vector<std::vector<uint8_t>> rows;
    for (int64_t row = 0; row < kRows; ++row) rows.push_back(NoiseFace(kShape, row));
    return rows;
  }

  Verdicts VerdictsOn(const std::vector<std::vector<uint8_t>>& faces) const {
    std::vector<const uint8_t*> places;
    for (const auto& face : faces) places.push_back(face.data());
    return Judge(scratch_ / "judge", Compute()).Look(places);
  }

  // Each face becomes the one that lies so many rows further on.
  Evaluation Evaluated(int64_t further) const {
    const Judge judge(scratch_ / "judge", Compute());
    const PixelCache cache(scratch_ / "noise.pixels");
    const auto convert = [&](const std::vector<const uint8_t*>& faces) {
      std::vector<std::vector<uint8_t>> results;
      for (const uint8_t* face : faces)
        results.push_back(
            NoiseFace(kShape, ((face - cache.Row(0)) / kShape.bytes() + further) % kRows));
      return results;
    };
    Evaluation evaluation;
    const EvaluationSurroundings around = {[](int64_t /*faces*/) {}, [] { return false; }};
    EXPECT_TRUE(Evaluate(judge, cache, population_, aim_, faces_, convert, around, &evaluation));
    return evaluation;
  }

  // By what the header says of it: the chance that a result is no man, times the share of the other
  // three attributes that are as they were.
  std::vector<double> Scores(int64_t further) const {
    const Verdicts seen = VerdictsOn(AllRows());
    std::vector<double> scores;
    for (int64_t row = 0; row < kRows; ++row) {
      const int64_t result = (row + further) % kRows;
      int kept = 0;
      for (int i = 1; i < 4; ++i)
        kept += ((seen.bits[row] ^ seen.bits[result]) >> i & 1) == 0 ? 1 : 0;
      scores.push_back(kept / 3.0 / (1 + std::exp(seen.margins[result * 4 + kMale])));
    }
    return scores;
  }

  const Scratch scratch_;
  Population population_;
  Aim aim_;
  EvaluationFaces faces_;
};

TEST_F(EvaluationTest, ShowsTheBestTheMedianAndTheWorst) {
  const Evaluation evaluation = Evaluated(7);
  std::vector<double> ranked = Scores(7);
  const std::vector<double> scores = ranked;
  std::sort(ranked.rbegin(), ranked.rend());
  ASSERT_GT(ranked.front() - ranked.back(), 0.1);
  const auto expect_shown = [&](const std::vector<ScoredFace>& shown, size_t begin) {
    ASSERT_EQ(shown.size(), 8U);
    std::set<int64_t> rows;
    for (size_t i = 0; i < shown.size(); ++i) {
      EXPECT_NEAR(shown[i].score, ranked[begin + i], 1e-5);
      EXPECT_NEAR(shown[i].score, scores[shown[i].row], 1e-5);
      EXPECT_EQ(shown[i].result, NoiseFace(kShape, (shown[i].row + 7) % kRows));
      rows.insert(shown[i].row);
    }
    EXPECT_EQ(rows.size(), shown.size());
  };
  expect_shown(evaluation.best, 0);
  expect_shown(evaluation.median, 11);
  expect_shown(evaluation.worst, 22);
}

TEST_F(EvaluationTest, OfFewFacesNoneIsAmongTheBestAndTheWorst) {
  const auto sizes = [this](size_t faces) {
    faces_.sources.resize(faces);
    const Evaluation evaluation = Evaluated(7);
    std::set<int64_t> rows;
    for (const auto* shown : {&evaluation.best, &evaluation.median, &evaluation.worst}) {
      for (const ScoredFace& face : *shown) EXPECT_TRUE(rows.insert(face.row).second) << faces;
    }
    return std::vector<size_t>{evaluation.best.size(), evaluation.median.size(),
                               evaluation.worst.size()};
  };
  EXPECT_EQ(sizes(23), (std::vector<size_t>{7, 7, 7}));
  EXPECT_EQ(sizes(8), (std::vector<size_t>{2, 2, 2}));
  EXPECT_EQ(sizes(3), (std::vector<size_t>{1, 1, 1}));
  EXPECT_EQ(sizes(2), (std::vector<size_t>{1, 0, 1}));
  EXPECT_EQ(sizes(1), (std::vector<size_t>{1, 0, 0}));
}

TEST_F(EvaluationTest, CountsWhatIsKeptAndWhoMeetsTheAim) {
  const Verdicts seen = VerdictsOn(AllRows());
  const Evaluation evaluation = Evaluated(7);
  double met = 0;
  double kept = 0;
  for (int64_t row = 0; row < kRows; ++row) {
    const uint64_t result = seen.bits[(row + 7) % kRows];
    met += (result & 1) == 0 ? 1 : 0;
    for (int i = 1; i < 4; ++i) kept += ((seen.bits[row] ^ result) >> i & 1) == 0 ? 1 : 0;
  }
  EXPECT_NEAR(evaluation.after.target_rate, met / kRows, 1e-9);
  EXPECT_NEAR(evaluation.after.kept, kept / kRows / 3, 1e-9);
  EXPECT_LT(evaluation.after.kept, 0.9);
  EXPECT_EQ(evaluation.before.kept, 1);
  EXPECT_EQ(Evaluated(0).after.kept, 1);
  EXPECT_EQ(Evaluated(0).after.low_l1, 0);
  EXPECT_EQ(evaluation.changes.size(), 3U);
  for (const AttributeChange& change : Evaluated(0).changes) EXPECT_EQ(change.kept, 1);
}

}  // namespace
}  // namespace makeover::engine
