// The order in which training sees its pictures: epoch after epoch, each a fresh shuffle without a
// gap between them.
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

// Deterministic in (rows, seed, streams, position). Not thread-safe.
class Sampler {
 public:
  // REQUIRES: rows is not empty.
  Sampler(std::vector<int64_t> rows, uint64_t seed, Stream order, Stream flips);

  // The next `count` pictures; flips are all false unless `flip`.
  std::vector<Draw> Next(int64_t count, bool flip);

  // Pictures drawn so far: all that a checkpoint needs to go on.
  int64_t position() const { return position_; }
  void Seek(int64_t position);

 private:
  void Shuffle(int64_t epoch);

  std::vector<int64_t> rows_;
  uint64_t seed_;
  Stream order_;
  Stream flips_;
  int64_t position_ = 0;
  int64_t epoch_ = -1;  // of shuffled_
  std::vector<int64_t> shuffled_;
};

}  // namespace makeover::engine
