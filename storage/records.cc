#include "storage/records.h"

#include <iterator>
#include <utility>

namespace makeover {
namespace {

template <typename T>
void MoveBehind(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
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
  MoveBehind(more.workers, edit.workers);
  MoveBehind(more.removed_workers, edit.removed_workers);
  MoveBehind(more.datasets, edit.datasets);
  MoveBehind(more.removed_datasets, edit.removed_datasets);
  MoveBehind(more.quarantined, edit.quarantined);
  MoveBehind(more.checkpoints, edit.checkpoints);
  MoveBehind(more.removed_checkpoints, edit.removed_checkpoints);
  MoveBehind(more.samples, edit.samples);
  MoveBehind(more.metrics, edit.metrics);
  MoveBehind(more.models, edit.models);
  MoveBehind(more.removed_models, edit.removed_models);
  for (auto& [worker, time] : more.seen) edit.seen[worker] = time;
}

}  // namespace makeover
