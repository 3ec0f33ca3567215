// The order in which training sees its pictures: epoch after epoch, each a fresh shuffle without a
// gap between them, of every picture once or as often as its weight says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "worker/engine/random.h"

namespace makeover::engine {

// One picture of a batch.
struct Draw {
  int64_t row = 0;    // in the pixel cache
  bool flip = false;  // mirrored left to right
};

// Deterministic in (rows, weights, seed, streams, position). Not thread-safe.
class Sampler {
 public:
  // REQUIRES: rows is not empty.
  Sampler(std::vector<int64_t> rows, uint64_t seed, Stream order, Stream flips);

  // An epoch is as long, but has a row of weight w, where the mean is 1, either floor(w) or ceil(w)
  // times and w times on average (systematic resampling). No weights: each once.
  // REQUIRES: weights is empty or as long as rows, none below 0, some above; only their
  // ratios count.
  Sampler(std::vector<int64_t> rows, const std::vector<double>& weights, uint64_t seed,
          Stream order, Stream flips);

  // The next `count` pictures; flips are all false unless `flip`.
  std::vector<Draw> Next(int64_t count, bool flip);

  // Pictures drawn so far: all that a checkpoint needs to go on.
  int64_t position() const { return position_; }
  void Seek(int64_t position);

 private:
  void Shuffle(int64_t epoch);
  void Resample(Random* random);

  std::vector<int64_t> rows_;
  std::vector<double> shares_;  // weights up to each row, the last the number of rows; or none
  uint64_t seed_;
  Stream order_;
  Stream flips_;
  int64_t position_ = 0;
  int64_t epoch_ = -1;  // of shuffled_
  std::vector<int64_t> shuffled_;
};

}  // namespace makeover::engine
