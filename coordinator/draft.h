#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "coordinator/job_state.h"
#include "coordinator/scheduler_state.h"
#include "storage/records.h"

namespace makeover {

// An Edit in the making: copies of the records that it touches, laid over the scheduler's state.
// `base` must outlive it. Not thread-safe.
class Draft {
 public:
  explicit Draft(const SchedulerState& base) : base_(base) {}

  // With the changes so far; nullptr: there is none.
  const Job* FindJob(JobId id) const;
  const Task* FindTask(const TaskKey& key) const;
  const Worker* FindWorker(const std::string& name) const;
  TaskCounts CountTasks(JobId job) const;

  // A copy to change, made at the first call. REQUIRES: it exists.
  Job& ChangeJob(JobId id);
  Task& ChangeTask(const TaskKey& key);
  Worker& ChangeWorker(const std::string& name);

  // New ones.
  void Put(Job job);
  void Put(Task task);
  void Put(Worker worker);

  // Ends a task's lease: writes its attempt and takes worker and devices from the task. The caller
  // gives the task its next state. REQUIRES: the task is leased.
  void EndLease(const TaskKey& key, AttemptOutcome outcome, const Failure& failure, TimeMs now);

  // The other lists of the Edit.
  Edit& rest() { return rest_; }

  // Lets the states of the touched jobs follow from their tasks, fails jobs that waited for one
  // that did not succeed, and gives the Edit. Call once.
  Edit Finish(TimeMs now);

 private:
  std::vector<TaskKey> TasksOf(JobId job) const;
  void Settle(JobId id, TimeMs now, std::set<JobId>& touched);
  void CancelWhatHasNotBegun(JobId id);
  const Failure* FailureOf(JobId id) const;
  void FailDependents(const Job& ended, std::set<JobId>& touched);

  const SchedulerState& base_;
  std::map<JobId, Job> jobs_;
  std::map<TaskKey, Task> tasks_;
  std::map<std::string, Worker> workers_;
  Edit rest_;
};

}  // namespace makeover
