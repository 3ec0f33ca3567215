#pragma once

#include <map>
#include <string>
#include <utility>

#include "storage/records.h"

namespace makeover {

using TaskKey = std::pair<JobId, uint32_t>;  // Job and index of the task in it.

inline TaskKey KeyOf(const Task& task) { return {task.job, task.index}; }

// Names one lease. Attempts of a task rise, so that no two leases have the same name.
struct LeaseKey {
  JobId job = 0;
  uint32_t task = 0;
  uint32_t attempt = 0;
  friend auto operator<=>(const LeaseKey&, const LeaseKey&) = default;
};

inline LeaseKey LeaseOf(const Task& task) { return {task.job, task.index, task.attempt}; }

// What the scheduler knows. Ordered maps: equal states decide equally.
struct SchedulerState {
  std::map<JobId, Job> jobs;  // Not terminal: a job that is missing has ended.
  std::map<TaskKey, Task> tasks;
  std::map<std::string, Worker> workers;
  std::map<std::string, TimeMs> seen;  // When each worker was last heard from.
  JobId next_job = 1;
};

}  // namespace makeover
