#include "coordinator/job_lookup.h"

#include <map>
#include <utility>

#include "coordinator/errors.h"
#include "storage/status_macros.h"

namespace makeover {

absl::StatusOr<Job> FindJob(const View& view, JobId id) {
  for (auto job = view.pending.jobs.rbegin(); job != view.pending.jobs.rend(); ++job) {
    if (job->id == id) return *job;
  }
  absl::StatusOr<Job> job = view.catalog.GetJob(id);
  return absl::IsNotFound(job.status()) ? errors::NoSuchJob(id) : job;
}

absl::StatusOr<std::vector<Task>> ListTasks(const View& view, JobId job) {
  MK_ASSIGN_OR_RETURN(const std::vector<Task> stored, view.catalog.ListTasks(job));
  std::map<uint32_t, Task> tasks;
  for (const Task& task : stored) tasks[task.index] = task;
  for (const Task& task : view.pending.tasks) {
    if (task.job == job) tasks[task.index] = task;
  }
  std::vector<Task> ordered;
  for (auto& [index, task] : tasks) ordered.push_back(std::move(task));
  return ordered;
}

std::optional<JobState> StateAfter(const View& view, JobId after_job) {
  if (after_job == 0) return std::nullopt;
  const absl::StatusOr<Job> job = FindJob(view, after_job);
  return job.ok() ? std::optional<JobState>(job->state) : std::nullopt;
}

}  // namespace makeover
