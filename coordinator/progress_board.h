#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/scheduler_state.h"

namespace makeover {

// How far a running task has come, as its worker said last.
struct TaskProgress {
  LeaseKey lease;
  std::string phase;  // fetching, preparing, running, stopping, uploading.
  double done = 0;
  double total = 0;
  std::string unit;
  double rate_per_second = 0;
  double eta_seconds = 0;
  friend bool operator==(const TaskProgress&, const TaskProgress&) = default;
};

// What runs how far: in memory alone, for eyes. Thread-safe.
class ProgressBoard {
 public:
  // True: something changed.
  bool Update(const TaskProgress& progress);
  // A task that does not run any more.
  void Erase(const TaskKey& task);

  std::vector<TaskProgress> OfJob(JobId job) const;
  // Of this lease; a progress with this lease alone if nothing was said of it.
  TaskProgress Of(const LeaseKey& lease) const;

 private:
  mutable absl::Mutex mutex_;
  std::map<TaskKey, TaskProgress> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace makeover
