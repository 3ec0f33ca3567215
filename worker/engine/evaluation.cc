#include "worker/engine/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kShown = 8;  // best, median and worst faces each
constexpr size_t kPairsMax = 5000;
constexpr uint64_t kSubsetSeed = 1;
using Faces = std::vector<const uint8_t*>;

void Require(bool fits, const std::string& code, const std::string& message,
             const std::string& advice) {
  if (!fits) throw EngineError(ErrorClass::kUser, code, message, advice);
}

std::vector<int64_t> First(std::vector<int64_t> rows, const PixelCache& cache) {
  const auto lacking = [&cache](int64_t row) { return row >= cache.rows() || !cache.Has(row); };
  rows.erase(std::remove_if(rows.begin(), rows.end(), lacking), rows.end());
  if (static_cast<int64_t>(rows.size()) > kEvaluationFacesMax)
    rows.resize(static_cast<size_t>(kEvaluationFacesMax));
  return rows;
}

Faces FacesOf(const std::vector<int64_t>& rows, const PixelCache& cache) {
  Faces faces;
  for (const int64_t row : rows) faces.push_back(cache.Row(row));
  return faces;
}

Faces FacesOf(const std::vector<std::vector<uint8_t>>& pictures) {
  Faces faces;
  for (const auto& picture : pictures) faces.push_back(picture.data());
  return faces;
}

template <typename Test>
double Share(const std::vector<uint64_t>& bits, Test test) {
  return static_cast<double>(std::count_if(bits.begin(), bits.end(), test)) /
         static_cast<double>(bits.size());
}

double KeptShare(uint64_t before, uint64_t after, const std::vector<int>& kept) {
  if (kept.empty()) return kUnknown;
  const auto same = [&](int i) { return ((before ^ after) >> i & 1) == 0; };
  return static_cast<double>(std::count_if(kept.begin(), kept.end(), same)) /
         static_cast<double>(kept.size());
}

AttributeChange ChangeOf(int attribute, const std::vector<uint64_t>& before,
                         const std::vector<uint64_t>& after) {
  const auto has = [attribute](uint64_t bits) { return (bits >> attribute & 1) != 0; };
  AttributeChange change{attribute, Share(before, has), Share(after, has), 0};
  size_t same = 0;
  for (size_t i = 0; i < before.size(); ++i) same += has(before[i] ^ after[i]) ? 0 : 1;
  change.kept = static_cast<double>(same) / static_cast<double>(before.size());
  return change;
}

Vectors FeaturesOf(const Verdicts& verdicts) { return {&verdicts.features, kJudgeFeatures}; }
Vectors EmbeddingsOf(const Verdicts& verdicts) { return {&verdicts.embeddings, kJudgeEmbedding}; }

void RatesOf(const Verdicts& seen, const Aim& aim, Figures* figures) {
  figures->target_rate = Share(seen.bits, aim.met);
  figures->wholly_rate = Share(seen.bits, aim.met_wholly);
  for (const Aim::Term& term : aim.terms) {
    figures->terms.push_back(Share(seen.bits, [&term](uint64_t bits) {
      return ((bits >> term.attribute & 1) != 0) == term.value;
    }));
  }
}

// From the margins of the terms that make the aim; from the bits where it is made of more.
double Probability(const Verdicts& seen, size_t face, size_t attributes, const Aim& aim) {
  if (aim.headline_terms == 0) return aim.met(seen.bits[face]) ? 1 : 0;
  double probability = 1;
  for (size_t i = 0; i < aim.headline_terms; ++i) {
    const Aim::Term& term = aim.terms[i];
    const double margin = seen.margins[face * attributes + static_cast<size_t>(term.attribute)];
    probability /= 1 + std::exp(term.value ? -margin : margin);
  }
  return probability;
}

// Pairs of places in `rows` whose pictures show one person.
std::vector<std::pair<int64_t, int64_t>> SamePersonPairs(const std::vector<int64_t>& rows,
                                                         const Population& population) {
  std::map<int64_t, std::vector<int64_t>> places;
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t identity = population.identities[static_cast<size_t>(rows[i])];
    if (identity >= 0) places[identity].push_back(static_cast<int64_t>(i));
  }
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (const auto& [identity, photos] : places) {
    for (size_t i = 1; i < photos.size() && pairs.size() < kPairsMax; ++i)
      pairs.emplace_back(photos[i - 1], photos[i]);
  }
  return pairs;
}

std::vector<std::pair<int64_t, int64_t>> EachWithItself(size_t count) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (size_t i = 0; i < count; ++i)
    pairs.emplace_back(static_cast<int64_t>(i), static_cast<int64_t>(i));
  return pairs;
}

AttributeAccuracy AccuracyOf(int attribute, const std::vector<uint64_t>& said,
                             const std::vector<int64_t>& rows, const Population& population) {
  double right[2] = {0, 0};
  double count[2] = {0, 0};
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t has = population.bits[static_cast<size_t>(rows[i])] >> attribute & 1;
    count[has] += 1;
    right[has] += static_cast<double>((said[i] >> attribute & 1) == has);
  }
  const double all = count[0] + count[1];
  return {attribute, (right[0] + right[1]) / all, (right[0] / count[0] + right[1] / count[1]) / 2,
          count[1] / all};
}

// One evaluation on its way.
class Measuring {
 public:
  Measuring(const Judge& judge, const PixelCache& cache, const Population& population,
            const Aim& aim, const EvaluationFaces& faces)
      : judge_(judge),
        cache_(cache),
        population_(population),
        aim_(aim),
        sources_(First(faces.sources, cache)),
        targets_(First(faces.targets, cache)),
        all_(First(faces.all, cache)),
        kept_(KeptAttributes(population, aim)) {
    Require(judge.info().attributes == population.attributes && judge.info().shape == cache.shape(),
            "bad_judge", "The judge was trained for another dataset or another size of face.",
            "Leave --judge out: the right one is then trained.");
    RequireSources(faces, cache);
  }

  bool Convert(const FaceFunction& convert, const EvaluationSurroundings& around) {
    const Faces faces = FacesOf(sources_, cache_);
    for (size_t begin = 0; begin < faces.size(); begin += kFacesAtOnce) {
      if (around.stop()) return false;
      const size_t end = std::min(faces.size(), begin + kFacesAtOnce);
      const Faces some(faces.begin() + static_cast<int64_t>(begin),
                       faces.begin() + static_cast<int64_t>(end));
      for (auto& result : convert(some)) results_.push_back(std::move(result));
      around.progress(static_cast<int64_t>(end));
    }
    return true;
  }

  Evaluation Judged() {
    const Verdicts sources = judge_.Look(FacesOf(sources_, cache_));
    const Verdicts targets = judge_.Look(FacesOf(targets_, cache_));
    const Verdicts results = judge_.Look(FacesOf(results_));
    Evaluation evaluation;
    evaluation.sources = static_cast<int64_t>(sources_.size());
    evaluation.targets = static_cast<int64_t>(targets_.size());
    evaluation.before = FiguresOf(sources, sources, targets, /*changed=*/false);
    evaluation.after = FiguresOf(sources, results, targets, /*changed=*/true);
    for (const int i : kept_) evaluation.changes.push_back(ChangeOf(i, sources.bits, results.bits));
    JudgeTheJudge(&evaluation);
    Rank(sources, results, &evaluation);
    return evaluation;
  }

 private:
  Figures FiguresOf(const Verdicts& sources, const Verdicts& seen, const Verdicts& targets,
                    bool changed) const {
    Figures figures;
    RatesOf(seen, aim_, &figures);
    figures.kid = CubicKernelDistance(FeaturesOf(seen), FeaturesOf(targets), kSubsetSeed);
    figures.kept = 0;
    for (size_t i = 0; i < seen.bits.size(); ++i)
      figures.kept += KeptShare(sources.bits[i], seen.bits[i], kept_);
    figures.kept /= static_cast<double>(seen.bits.size());
    if (changed) figures.low_l1 = MeanLowL1();
    figures.identity = judge_.info().knows_people
                           ? MeanCosine(EmbeddingsOf(sources), EmbeddingsOf(seen),
                                        EachWithItself(seen.bits.size()))
                           : kUnknown;
    return figures;
  }

  double MeanLowL1() const {
    const PixelShape shape = cache_.shape();
    double sum = 0;
    for (size_t i = 0; i < results_.size(); ++i)
      sum += LowL1(cache_.Row(sources_[i]), results_[i].data(), shape.height, shape.width);
    return sum / static_cast<double>(results_.size());
  }

  void JudgeTheJudge(Evaluation* evaluation) const {
    const Verdicts seen = judge_.Look(FacesOf(all_, cache_));
    std::vector<int> attributes;
    for (const Aim::Term& term : aim_.terms) attributes.push_back(term.attribute);
    attributes.insert(attributes.end(), kept_.begin(), kept_.end());
    for (const int attribute : attributes)
      evaluation->accuracy.push_back(AccuracyOf(attribute, seen.bits, all_, population_));
    const auto pairs = judge_.info().knows_people ? SamePersonPairs(all_, population_)
                                                  : decltype(SamePersonPairs(all_, population_))();
    evaluation->same_person = MeanCosine(EmbeddingsOf(seen), EmbeddingsOf(seen), pairs);
    evaluation->same_person_pairs = static_cast<int64_t>(pairs.size());
  }

  void Rank(const Verdicts& sources, const Verdicts& results, Evaluation* evaluation) const {
    std::vector<ScoredFace> faces;
    for (size_t i = 0; i < results_.size(); ++i) {
      const double share = kept_.empty() ? 1 : KeptShare(sources.bits[i], results.bits[i], kept_);
      const double likely = Probability(results, i, population_.attributes.size(), aim_);
      faces.push_back({static_cast<int64_t>(i), likely * share, share, {}});
    }
    std::stable_sort(faces.begin(), faces.end(),
                     [](const ScoredFace& a, const ScoredFace& b) { return a.score > b.score; });
    // Of few faces fewer are shown: none as one of the best and of the worst.
    const size_t shown = std::clamp<size_t>(faces.size() / 3, 1, kShown);
    evaluation->best = Shown(faces, 0, shown);
    if (faces.size() > 2) evaluation->median = Shown(faces, (faces.size() - shown) / 2, shown);
    if (faces.size() > 1) evaluation->worst = Shown(faces, faces.size() - shown, shown);
  }

  std::vector<ScoredFace> Shown(const std::vector<ScoredFace>& faces, size_t begin,
                                size_t count) const {
    std::vector<ScoredFace> shown(faces.begin() + static_cast<int64_t>(begin),
                                  faces.begin() + static_cast<int64_t>(begin + count));
    for (ScoredFace& face : shown) {
      const auto place = static_cast<size_t>(face.row);
      face.row = sources_[place];
      face.result = results_[place];
    }
    return shown;
  }

  const Judge& judge_;
  const PixelCache& cache_;
  const Population& population_;
  const Aim& aim_;
  const std::vector<int64_t> sources_, targets_, all_;
  const std::vector<int> kept_;
  std::vector<std::vector<uint8_t>> results_;
};

}  // namespace

void RequireSources(const EvaluationFaces& faces, const PixelCache& cache) {
  Require(!First(faces.sources, cache).empty(), "no_faces",
          "There is no held-out source face to measure with.",
          "Use a dataset with a test partition that has such faces, or another filter.");
}

bool Evaluate(const Judge& judge, const PixelCache& cache, const Population& population,
              const Aim& aim, const EvaluationFaces& faces, const FaceFunction& convert,
              const EvaluationSurroundings& around, Evaluation* evaluation) {
  Measuring measuring(judge, cache, population, aim, faces);
  if (!measuring.Convert(convert, around)) return false;
  *evaluation = measuring.Judged();
  return true;
}

}  // namespace makeover::engine
