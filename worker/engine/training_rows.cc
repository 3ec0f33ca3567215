#include "worker/engine/training_rows.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

std::vector<int64_t> Usable(const std::vector<int64_t>& rows, const PixelCache& cache) {
  std::vector<int64_t> usable;
  for (const int64_t row : rows) {
    if (row < 0 || row >= cache.rows()) {
      throw EngineError(ErrorClass::kUser, "bad_rows",
                        "Row " + std::to_string(row) + " is not in the pixel cache of " +
                            std::to_string(cache.rows()) + " rows.",
                        "Make rows and cache from the same dataset.");
    }
    if (cache.Has(row)) usable.push_back(row);
  }
  return usable;
}

// As a Sampler takes them.
std::vector<double> WeightsOf(const std::vector<int64_t>& rows,
                              const std::map<int64_t, double>& weight_of_row) {
  std::vector<double> weights;
  if (weight_of_row.empty()) return weights;
  for (const int64_t row : rows) {
    const auto found = weight_of_row.find(row);
    weights.push_back(found == weight_of_row.end() ? 1 : found->second);
  }
  return weights;
}

}  // namespace

Split SplitRows(const TrainingRun& run, const PixelCache& cache) {
  std::vector<int64_t> source = Usable(run.source_rows, cache);
  RequireRows(source, "source");
  const size_t held = std::min<size_t>(static_cast<size_t>(run.config.sample_count),
                                       std::max<size_t>(1, source.size() / 4));
  Split split;
  split.samples.assign(source.begin(), source.begin() + static_cast<int64_t>(held));
  std::set<int64_t> apart(run.held_out.begin(), run.held_out.end());
  apart.insert(split.samples.begin(), split.samples.end());
  const auto learned_from = [&apart](int64_t row) { return apart.count(row) == 0; };
  const std::vector<int64_t> target = Usable(run.target_rows, cache);
  std::copy_if(source.begin() + static_cast<int64_t>(held), source.end(),
               std::back_inserter(split.training.source), learned_from);
  std::copy_if(target.begin(), target.end(), std::back_inserter(split.training.target),
               learned_from);
  if (split.training.source.empty()) RequireRows({}, "source");
  RequireRows(split.training.target, "target");
  split.training.source_weights = WeightsOf(split.training.source, run.source_weights);
  split.training.target_weights = WeightsOf(split.training.target, run.target_weights);
  split.training.labels = run.labels;
  auto& learn = split.training.labels.learn;
  const auto unfit = [&](int64_t row) {
    return row >= cache.rows() || !cache.Has(row) || !learned_from(row);
  };
  learn.erase(std::remove_if(learn.begin(), learn.end(), unfit), learn.end());
  return split;
}

void RequireRows(const std::vector<int64_t>& rows, const char* side) {
  if (rows.size() >= 2) return;
  throw EngineError(ErrorClass::kUser, "too_few_pictures",
                    "There are too few usable " + std::string(side) + " pictures to train: " +
                        std::to_string(rows.size()) + ", where two are the least.",
                    "Choose a filter that selects more pictures; --no-clean keeps blurry ones and "
                    "eyeglasses too.");
}

}  // namespace makeover::engine
