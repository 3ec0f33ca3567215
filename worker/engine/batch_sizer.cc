#include "worker/engine/batch_sizer.h"

#include <algorithm>
#include <utility>

namespace makeover::engine {
namespace {

constexpr size_t kBatches = 4;      // of each size; the first one warms up
constexpr double kAsGood = 0.97;    // of the fastest rate
constexpr double kHopeless = 0.85;  // of the fastest rate: larger ones are not tried

}  // namespace

BatchSizer::BatchSizer(std::vector<int> sizes)
    : sizes_(std::move(sizes)), settled_(sizes_.size() == 1) {}

int BatchSizer::SizeFor(int faces) const {
  const auto end = sizes_.begin() + static_cast<std::ptrdiff_t>(current_);
  return *std::lower_bound(sizes_.begin(), end, faces);
}

void BatchSizer::Took(double seconds) {
  if (settled_) return;
  seconds_.push_back(seconds);
  if (seconds_.size() < kBatches) return;
  std::sort(seconds_.begin() + 1, seconds_.end());
  rates_.push_back(size() / seconds_[1 + (kBatches - 1) / 2]);
  seconds_.clear();
  const double best = *std::max_element(rates_.begin(), rates_.end());
  if (current_ + 1 == sizes_.size() || rates_.back() < kHopeless * best) return Settle();
  ++current_;
}

void BatchSizer::Reject() {
  if (current_ == 0) return;
  sizes_.erase(sizes_.begin() + static_cast<std::ptrdiff_t>(current_));
  seconds_.clear();
  if (current_ == sizes_.size()) Settle();
}

void BatchSizer::Settle() {
  settled_ = true;
  const double best = *std::max_element(rates_.begin(), rates_.end());
  const auto found = std::find_if(rates_.begin(), rates_.end(),
                                  [best](double rate) { return rate >= kAsGood * best; });
  current_ = static_cast<size_t>(found - rates_.begin());
}

}  // namespace makeover::engine
