#include "coordinator/progress_board.h"

namespace makeover {

bool ProgressBoard::Update(const TaskProgress& progress) {
  absl::MutexLock lock(&mutex_);
  TaskProgress& known = tasks_[{progress.lease.job, progress.lease.task}];
  if (known == progress || progress.lease.attempt < known.lease.attempt) return false;
  known = progress;
  return true;
}

void ProgressBoard::Erase(const TaskKey& task) {
  absl::MutexLock lock(&mutex_);
  tasks_.erase(task);
}

std::vector<TaskProgress> ProgressBoard::OfJob(JobId job) const {
  absl::MutexLock lock(&mutex_);
  std::vector<TaskProgress> found;
  for (auto it = tasks_.lower_bound({job, 0}); it != tasks_.end() && it->first.first == job; ++it) {
    found.push_back(it->second);
  }
  return found;
}

TaskProgress ProgressBoard::Of(const LeaseKey& lease) const {
  absl::MutexLock lock(&mutex_);
  const auto it = tasks_.find({lease.job, lease.task});
  if (it != tasks_.end() && it->second.lease == lease) return it->second;
  TaskProgress none;
  none.lease = lease;
  return none;
}

}  // namespace makeover
