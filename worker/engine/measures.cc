#include "worker/engine/measures.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

constexpr int64_t kSubsets = 100;
constexpr int64_t kSubsetSizeMax = 100;
constexpr int64_t kSquare = 4;

using Picked = std::vector<int64_t>;

double Kernel(const float* x, const float* y, int64_t length) {
  double dot = 0;
  for (int64_t i = 0; i < length; ++i) dot += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  const double base = dot / static_cast<double>(length) + 1;
  return base * base * base;
}

// Mean of the kernel over all pairs of two distinct vectors.
double MeanWithin(const Vectors& x, const Picked& picked) {
  double sum = 0;
  for (size_t i = 0; i < picked.size(); ++i) {
    for (size_t j = 0; j < i; ++j) sum += Kernel(x.at(picked[i]), x.at(picked[j]), x.length);
  }
  const auto n = static_cast<double>(picked.size());
  return 2 * sum / (n * (n - 1));
}

double MeanBetween(const Vectors& x, const Picked& from_x, const Vectors& y, const Picked& from_y) {
  double sum = 0;
  for (const int64_t i : from_x) {
    for (const int64_t j : from_y) sum += Kernel(x.at(i), y.at(j), x.length);
  }
  return sum / (static_cast<double>(from_x.size()) * static_cast<double>(from_y.size()));
}

double Estimate(const Vectors& x, const Picked& from_x, const Vectors& y, const Picked& from_y) {
  return MeanWithin(x, from_x) + MeanWithin(y, from_y) - 2 * MeanBetween(x, from_x, y, from_y);
}

Picked All(int64_t count) {
  Picked all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// The first `size` places of a shuffle.
Picked Pick(int64_t count, int64_t size, Random* random) {
  Picked all = All(count);
  for (int64_t i = 0; i < size; ++i) {
    const auto other = i + static_cast<int64_t>(random->Below(static_cast<uint64_t>(count - i)));
    std::swap(all[static_cast<size_t>(i)], all[static_cast<size_t>(other)]);
  }
  all.resize(static_cast<size_t>(size));
  return all;
}

int64_t SquareSum(const uint8_t* picture, int64_t width, int64_t y, int64_t x, int64_t channel) {
  int64_t sum = 0;
  for (int64_t dy = 0; dy < kSquare; ++dy) {
    for (int64_t dx = 0; dx < kSquare; ++dx)
      sum += picture[((y + dy) * width + x + dx) * 3 + channel];
  }
  return sum;
}

}  // namespace

double UnbiasedCubicMmd(const Vectors& x, const Vectors& y) {
  return Estimate(x, All(x.count()), y, All(y.count()));
}

KernelDistance CubicKernelDistance(const Vectors& x, const Vectors& y, uint64_t seed) {
  KernelDistance distance;
  distance.subset_size = std::min({x.count(), y.count(), kSubsetSizeMax});
  if (distance.subset_size < 2) {
    distance.value = distance.deviation = std::numeric_limits<double>::quiet_NaN();
    return distance;
  }
  distance.subsets = kSubsets;
  std::vector<double> values;
  for (int64_t i = 0; i < kSubsets; ++i) {
    Random random(seed, Stream::kSubsets, static_cast<uint64_t>(i));
    const Picked from_x = Pick(x.count(), distance.subset_size, &random);
    const Picked from_y = Pick(y.count(), distance.subset_size, &random);
    values.push_back(Estimate(x, from_x, y, from_y));
  }
  constexpr auto kCount = static_cast<double>(kSubsets);
  distance.value = std::accumulate(values.begin(), values.end(), 0.0) / kCount;
  double squares = 0;
  for (const double value : values) squares += (value - distance.value) * (value - distance.value);
  distance.deviation = std::sqrt(squares / (kCount - 1));
  return distance;
}

double MeanCosine(const Vectors& x, const Vectors& y,
                  const std::vector<std::pair<int64_t, int64_t>>& pairs) {
  double sum = 0;
  for (const auto& [i, j] : pairs) {
    for (int64_t k = 0; k < x.length; ++k)
      sum += static_cast<double>(x.at(i)[k]) * static_cast<double>(y.at(j)[k]);
  }
  return pairs.empty() ? std::numeric_limits<double>::quiet_NaN()
                       : sum / static_cast<double>(pairs.size());
}

double LowL1(const uint8_t* a, const uint8_t* b, int64_t height, int64_t width) {
  int64_t sum = 0;
  int64_t squares = 0;
  for (int64_t y = 0; y + kSquare <= height; y += kSquare) {
    for (int64_t x = 0; x + kSquare <= width; x += kSquare, ++squares) {
      for (int64_t channel = 0; channel < 3; ++channel)
        sum += std::abs(SquareSum(a, width, y, x, channel) - SquareSum(b, width, y, x, channel));
    }
  }
  const int64_t levels = std::max<int64_t>(1, squares) * 3 * kSquare * kSquare * 255;
  return static_cast<double>(sum) / static_cast<double>(levels);
}

}  // namespace makeover::engine
