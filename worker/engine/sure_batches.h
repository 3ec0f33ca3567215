// Faces in batches of a size that changes speed alone. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "worker/engine/batch_sizer.h"

namespace makeover::engine {

// Finds the fastest of a few sizes while faces are converted. A size that gives other bits than the
// smallest, or for which there is no memory, is not used, so that a face gives the same results
// alone and beside any others. Not thread-safe.
class SureBatches {
 public:
  using Faces = std::vector<const uint8_t*>;
  using Results = std::vector<std::vector<float>>;
  struct Batch {
    Results results;     // as many as there were faces, in their order
    bool usual = false;  // took as long as others of the size will: was no preparation
  };
  // Converts faces, `size` at most, in one batch of `size`, the rest of it padded.
  using Convert = std::function<Batch(const Faces& faces, int size)>;

  // REQUIRES: `sizes` are positive and ascend, one at least. Of several the fastest is found out by
  // a monotonic clock in seconds.
  SureBatches(std::vector<int> sizes, std::function<double()> seconds);

  // Faces that the next call should have; may differ from call to call.
  int size() const { return sizer_.size(); }

  // Of at most size() faces. What `convert` throws at the smallest size passes through.
  Results Run(const Faces& faces, const Convert& convert);

 private:
  // By the smallest size, and sees whether this one may be used.
  Results TryOut(const Faces& faces, int size, const Convert& convert);
  // In batches of the smallest size.
  Results InParts(const Faces& faces, const Convert& convert) const;

  BatchSizer sizer_;
  std::set<int> trusted_;  // sizes that were seen to give the same bits as the smallest
  std::function<double()> seconds_;
};

}  // namespace makeover::engine
