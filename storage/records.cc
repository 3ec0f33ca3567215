#include "storage/records.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace makeover {
namespace {

template <typename T>
void MoveBehind(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

uint32_t KeyOf(const Dataset& dataset) { return dataset.id; }
const std::string& KeyOf(const Worker& worker) { return worker.name; }
const std::string& KeyOf(const Model& model) { return model.name; }
std::pair<JobId, uint32_t> KeyOf(const Checkpoint& one) { return {one.job, one.step}; }
uint32_t KeyOf(uint32_t dataset) { return dataset; }
const std::string& KeyOf(const std::string& name) { return name; }

template <typename From, typename Other>
void DropKeysOf(const std::vector<Other>& others, std::vector<From>& from) {
  if (others.empty()) return;
  std::erase_if(from, [&](const From& one) {
    return std::any_of(others.begin(), others.end(),
                       [&](const Other& other) { return KeyOf(other) == KeyOf(one); });
  });
}

// What is put again is not removed any more, and what is removed is not put.
template <typename Record, typename Key>
void AppendBoth(std::vector<Record>& more_put, std::vector<Key>& more_removed,
                std::vector<Record>& put, std::vector<Key>& removed) {
  DropKeysOf(more_put, removed);
  MoveBehind(more_put, put);
  DropKeysOf(more_removed, put);
  MoveBehind(more_removed, removed);
}

}  // namespace

bool NothingToCommit(const Edit& edit) {
  return edit.jobs.empty() && edit.tasks.empty() && edit.attempts.empty() && edit.workers.empty() &&
         edit.removed_workers.empty() && edit.datasets.empty() && edit.removed_datasets.empty() &&
         edit.quarantined.empty() && edit.checkpoints.empty() && edit.removed_checkpoints.empty() &&
         edit.samples.empty() && edit.metrics.empty() && edit.models.empty() &&
         edit.removed_models.empty();
}

void Append(Edit more, Edit& edit) {
  MoveBehind(more.jobs, edit.jobs);
  MoveBehind(more.tasks, edit.tasks);
  MoveBehind(more.attempts, edit.attempts);
  AppendBoth(more.workers, more.removed_workers, edit.workers, edit.removed_workers);
  AppendBoth(more.datasets, more.removed_datasets, edit.datasets, edit.removed_datasets);
  MoveBehind(more.quarantined, edit.quarantined);
  AppendBoth(more.checkpoints, more.removed_checkpoints, edit.checkpoints,
             edit.removed_checkpoints);
  MoveBehind(more.samples, edit.samples);
  MoveBehind(more.metrics, edit.metrics);
  AppendBoth(more.models, more.removed_models, edit.models, edit.removed_models);
  for (auto& [worker, time] : more.seen) edit.seen[worker] = time;
}

}  // namespace makeover
