#include "worker/engine/sampler.h"

#include <utility>

namespace makeover::engine {

Sampler::Sampler(std::vector<int64_t> rows, uint64_t seed, Stream order, Stream flips)
    : rows_(std::move(rows)), seed_(seed), order_(order), flips_(flips) {}

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
  shuffled_ = rows_;
  Random random(seed_, order_, static_cast<uint64_t>(epoch));
  for (size_t left = shuffled_.size(); left > 1; --left) {  // Fisher and Yates
    std::swap(shuffled_[left - 1], shuffled_[random.Below(left)]);
  }
}

}  // namespace makeover::engine
