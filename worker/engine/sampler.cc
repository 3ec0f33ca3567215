#include "worker/engine/sampler.h"

#include <utility>

namespace makeover::engine {

Sampler::Sampler(std::vector<int64_t> rows, uint64_t seed, Stream order, Stream flips)
    : Sampler(std::move(rows), {}, seed, order, flips) {}

Sampler::Sampler(std::vector<int64_t> rows, const std::vector<double>& weights, uint64_t seed,
                 Stream order, Stream flips)
    : rows_(std::move(rows)), seed_(seed), order_(order), flips_(flips) {
  double sum = 0;
  for (const double weight : weights) shares_.push_back(sum += weight);
  for (double& share : shares_) share *= static_cast<double>(rows_.size()) / sum;
}

std::vector<Draw> Sampler::Next(int64_t count, bool flip) {
  const auto size = static_cast<int64_t>(rows_.size());
  std::vector<Draw> draws;
  draws.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i, ++position_) {
    Shuffle(position_ / size);
    Random coin(seed_, flips_, static_cast<uint64_t>(position_));
    draws.push_back({shuffled_[static_cast<size_t>(position_ % size)], flip && coin.Below(2) == 1});
  }
  return draws;
}

void Sampler::Seek(int64_t position) { position_ = position; }

void Sampler::Shuffle(int64_t epoch) {
  if (epoch == epoch_) return;
  epoch_ = epoch;
  Random random(seed_, order_, static_cast<uint64_t>(epoch));
  shuffled_ = rows_;
  if (!shares_.empty()) Resample(&random);
  for (size_t left = shuffled_.size(); left > 1; --left) {  // Fisher and Yates
    std::swap(shuffled_[left - 1], shuffled_[random.Below(left)]);
  }
}

// Of a comb with one tooth per place, those teeth are a row's that lie within its share.
void Sampler::Resample(Random* random) {
  constexpr uint64_t kParts = uint64_t{1} << 32;
  const double shift = static_cast<double>(random->Below(kParts)) / kParts;
  size_t row = 0;
  for (size_t place = 0; place < rows_.size(); ++place) {
    const double tooth = static_cast<double>(place) + shift;
    while (row + 1 < rows_.size() && shares_[row] <= tooth) ++row;
    shuffled_[place] = rows_[row];
  }
}

}  // namespace makeover::engine
