// What a conversion did to faces that no network has learned from, as a judge sees it. Free of
// LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "worker/engine/aim.h"
#include "worker/engine/json.h"
#include "worker/engine/judge.h"
#include "worker/engine/measures.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/population.h"

namespace makeover::engine {

// At most so many faces of each kind are measured: the first of the list.
inline constexpr int64_t kEvaluationFacesMax = 1000;

// Held-out rows of a cache.
struct EvaluationFaces {
  std::vector<int64_t> sources;
  std::vector<int64_t> targets;
  std::vector<int64_t> all;  // for the judge's accuracy, and pairs of one person
};

// Throws EngineError of class USER where there is no source face with a picture: before a judge is
// trained for nothing.
void RequireSources(const EvaluationFaces& faces, const PixelCache& cache);

// Faces to results, both height x width x 3 bytes, as many as at most kFacesAtOnce.
using FaceFunction =
    std::function<std::vector<std::vector<uint8_t>>(const std::vector<const uint8_t*>& faces)>;
inline constexpr int kFacesAtOnce = 32;

// NaN stands for a figure that there is no way to know.
struct Figures {
  double target_rate = 0;     // share of the faces that meet the aim
  double wholly_rate = 0;     // share that meet the whole target filter
  std::vector<double> terms;  // share per term of the aim
  KernelDistance kid;         // to the held-out target faces
  double kept = 1;            // share of the other attributes that are as they were
  double low_l1 = 0;    // mean absolute difference to the source after 4x4 mean pooling, in [0, 1]
  double identity = 1;  // mean cosine to the source in the judge's embedding
};

struct AttributeAccuracy {
  int attribute = 0;
  double accuracy = 0;  // share of the held-out faces of which the judge says what their labels say
  double balanced = 0;  // mean of the shares among faces with the attribute and among those without
  double share = 0;     // of faces that have it
};

// One of those that shall be kept, as the judge sees it.
struct AttributeChange {
  int attribute = 0;
  double before = 0;  // share of the source faces that have it
  double after = 0;   // of the results
  double kept = 1;    // of the faces in which it stayed as it was
};

// A source face and what became of it. The score is the judge's probability of the aim times the
// share of the attributes that were kept.
struct ScoredFace {
  int64_t row = 0;
  double score = 0;
  double kept = 1;
  std::vector<uint8_t> result;
};

struct Evaluation {
  int64_t sources = 0;
  int64_t targets = 0;
  Figures before;
  Figures after;
  double same_person = 0;  // mean cosine of two photos of one person; NaN where no two are known
  int64_t same_person_pairs = 0;
  std::vector<AttributeAccuracy> accuracy;  // of the aim's attributes, then of those kept
  std::vector<AttributeChange> changes;     // of the attributes that shall be kept
  std::vector<ScoredFace> best, median, worst;
};

struct EvaluationSurroundings {
  std::function<void(int64_t faces)> progress;  // converted so far
  std::function<bool()> stop;
};

// Measures. Returns false, and leaves *evaluation alone, where it was stopped. Throws EngineError
// of class USER where judge, cache and population do not belong together or there is no source
// face.
bool Evaluate(const Judge& judge, const PixelCache& cache, const Population& population,
              const Aim& aim, const EvaluationFaces& faces, const FaceFunction& convert,
              const EvaluationSurroundings& around, Evaluation* evaluation);

Json EvaluationToJson(const Evaluation& evaluation, const Population& population, const Aim& aim);

}  // namespace makeover::engine
