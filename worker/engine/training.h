// A training run from its first step, or from a checkpoint, to its end: steps, samples, metrics,
// checkpoints. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/evaluation.h"
#include "worker/engine/face_labels.h"
#include "worker/engine/json.h"
#include "worker/engine/pixel_cache.h"

namespace makeover::engine {

using EventSink = std::function<void(const Json& event)>;

// What a run takes from outside, so that it reads no clock and knows no picture library.
struct Surroundings {
  EventSink emit;
  std::function<double()> seconds;  // monotonic
  std::function<bool()> stop;       // true: finish the step, save, return
  std::function<std::string(int width, int height, const std::vector<uint8_t>& rgb)> encode_png;
  // Measures the generator; nothing where it was stopped. Empty where nobody can: then the settings
  // evaluate_steps and evaluate_seconds do nothing.
  std::function<std::optional<Figures>(const FaceFunction& convert)> evaluate;
};

// Who is turned into whom, as filter expressions; empty where unknown.
struct ModelFilters {
  std::string source;
  std::string target;
};

struct TrainingRun {
  Config config;
  Compute compute;
  std::string out;     // folder for samples/, checkpoints/ and metrics.jsonl
  std::string resume;  // checkpoint, or ""
  std::string dataset_digest;
  ModelFilters filters;  // noted in checkpoints
  // Rows of the cache. Missing rows are left out. The first config.sample_count source rows (at
  // most a quarter) make the sample picture and are kept out of training on both sides.
  std::vector<int64_t> source_rows;
  std::vector<int64_t> target_rows;
  // Of these, those that evaluations measure with: they may be shown in sample pictures, and
  // nothing learns from them.
  std::vector<int64_t> held_out;
  // By row, how often it is shown, in proportion; others count 1. Empty: all as often.
  std::map<int64_t, double> source_weights;
  std::map<int64_t, double> target_weights;
  FaceLabels labels;  // what an attribute reader learns; without names, there is none
};

// The settings that a checkpoint holds. Throws EngineError.
Config ConfigOfCheckpoint(const std::string& path);
int64_t StepOfCheckpoint(const std::string& path);

// The filters that it was trained with. Throws EngineError.
ModelFilters FiltersOfCheckpoint(const std::string& path);

// Returns true when the run is done, false when it was stopped; either way everything is saved, but
// for the latest steps where they may be the beginning of an illness (HealthWatch::suspects), or
// where an evaluation of the last was stopped: it is made by who goes on.
// Throws EngineError.
bool Train(const TrainingRun& run, const PixelCache& cache, const Surroundings& surroundings);

}  // namespace makeover::engine
