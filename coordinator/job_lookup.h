// Jobs as a decision sees them: with what was decided before in the same round. The scheduler alone
// forgets a job when it ends, and the catalog alone learns of that when the round is committed.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/coordinator.h"

namespace makeover {

// kNotFound.
absl::StatusOr<Job> FindJob(const View& view, JobId id);

// In order of their indices. Errors: the catalog's.
absl::StatusOr<std::vector<Task>> ListTasks(const View& view, JobId job);

// For Scheduler::SubmitJob: the state of a job that may have ended.
std::optional<JobState> StateAfter(const View& view, JobId after_job);

}  // namespace makeover
