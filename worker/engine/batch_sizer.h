// How many faces at once convert fastest, found out on the faces themselves. Free of LibTorch's
// headers.
#pragma once

#include <cstddef>
#include <vector>

namespace makeover::engine {

// Tries each size for a few batches, in their order, and settles on the smallest of those that are
// about as fast as the fastest. Not thread-safe.
class BatchSizer {
 public:
  // REQUIRES: `sizes` are positive and ascend, one at least.
  explicit BatchSizer(std::vector<int> sizes);

  // Faces that the next batch should hold.
  int size() const { return sizes_[current_]; }
  // The smallest of the sizes that holds so many faces, at most size().
  int SizeFor(int faces) const;
  int smallest() const { return sizes_[0]; }

  // A whole batch of size() took so long.
  void Took(double seconds);
  // size() is not to be used again; the smallest stays whatever is said of it.
  void Reject();

 private:
  void Settle();

  std::vector<int> sizes_;
  std::vector<double> rates_;    // of the sizes tried so far, faces per second
  std::vector<double> seconds_;  // of the batches of this size so far
  size_t current_ = 0;
  bool settled_ = false;
};

}  // namespace makeover::engine
