// Which rows of the pixel cache a training sees. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/face_labels.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/training.h"

namespace makeover::engine {

struct TrainingRows {
  std::vector<int64_t> source;
  std::vector<int64_t> target;
  std::vector<double> source_weights;  // see Sampler
  std::vector<double> target_weights;
  FaceLabels labels;  // without any, nothing is read
};

struct Split {
  std::vector<int64_t> samples;  // sources that are only shown, in sample pictures
  TrainingRows training;
};

// Rows of the run that have a picture: the first sources are the samples, which are in neither
// family and not learned from, nor are the rows that are held out. Throws EngineError of class USER
// where rows are not the cache's, or too few.
Split SplitRows(const TrainingRun& run, const PixelCache& cache);

// Throws EngineError of class USER where there are too few rows to train with; `side` is "source"
// or "target".
void RequireRows(const std::vector<int64_t>& rows, const char* side);

}  // namespace makeover::engine
