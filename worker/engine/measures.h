// The arithmetic of an evaluation, on plain lists. Pure functions.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace makeover::engine {

// N vectors of one length, one behind the other.
struct Vectors {
  const std::vector<float>* values;
  int64_t length;
  int64_t count() const { return static_cast<int64_t>(values->size()) / length; }
  const float* at(int64_t i) const { return values->data() + i * length; }
};

struct KernelDistance {
  double value = 0;      // mean over the subsets; NaN where a side has fewer than two vectors
  double deviation = 0;  // between subsets
  int64_t subsets = 0;
  int64_t subset_size = 0;  // of each side
};

// The unbiased estimate of the squared maximum mean discrepancy with the cubic kernel
// (x . y / length + 1)^3, averaged over 100 random subsets of at most 100 of each side
// (Binkowski, Sutherland, Arbel, Gretton, "Demystifying MMD GANs", 2018). It may lie below 0 where
// both sides are alike.
KernelDistance CubicKernelDistance(const Vectors& x, const Vectors& y, uint64_t seed);

// The same estimate over all vectors, without subsets. REQUIRES: two vectors or more on each side.
double UnbiasedCubicMmd(const Vectors& x, const Vectors& y);

// Mean cosine of the vectors of each pair; NaN where there is no pair. REQUIRES: lengths of 1.
double MeanCosine(const Vectors& x, const Vectors& y,
                  const std::vector<std::pair<int64_t, int64_t>>& pairs);

// Mean |a - b| / 255 of two pictures of height x width x 3 bytes, after 4x4 mean pooling of both.
// Rows and columns that fill no whole square are left out.
double LowL1(const uint8_t* a, const uint8_t* b, int64_t height, int64_t width);

}  // namespace makeover::engine
