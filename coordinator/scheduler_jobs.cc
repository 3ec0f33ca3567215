// The scheduler's inputs about jobs.
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/draft.h"
#include "coordinator/lease_end.h"
#include "coordinator/scheduler.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status CheckAfter(const SchedulerState& state, JobId after_job,
                        std::optional<JobState> after) {
  if (after_job == 0 || state.jobs.count(after_job) > 0) return absl::OkStatus();
  if (!after.has_value()) {
    return absl::NotFoundError(absl::StrCat("There is no job ", after_job,
                                            " to wait for: \"mkctl jobs list\" shows the jobs."));
  }
  if (*after == JobState::kSucceeded) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "Job ", after_job, " has ended without success, so that nothing can run after ",
      "it: retry it with \"mkctl jobs retry ", after_job, "\", or leave --after out."));
}

absl::Status NoSuchJob(JobId id) {
  return absl::NotFoundError(absl::StrCat("There is no job ", id, " that could still change."));
}

absl::Status CheckNotEnding(const Job& job) {
  if (job.wish != JobWish::kCancel && job.state != JobState::kCancelling) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "Job ", job.id, " is being cancelled, which cannot be undone: wait until it has ",
      "ended, then \"mkctl jobs retry ", job.id, "\" begins it anew."));
}

}  // namespace

absl::StatusOr<Edit> Scheduler::SubmitJob(Job job, std::vector<Task> tasks,
                                          std::optional<JobState> after, TimeMs now) const {
  MK_RETURN_IF_ERROR(CheckAfter(state_, job.after_job, after));
  Draft draft(state_);
  job.id = state_.next_job;
  job.state = JobState::kQueued;
  job.create_ms = now;
  job.task_count = static_cast<int>(tasks.size());
  draft.Put(job);
  uint32_t index = 0;
  for (Task& task : tasks) {
    task.job = job.id;
    task.index = index++;
    task.state = TaskState::kPending;
    draft.Put(std::move(task));
  }
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::Cancel(JobId id, TimeMs now) const {
  const auto it = state_.jobs.find(id);
  if (it == state_.jobs.end()) return NoSuchJob(id);
  if (it->second.wish == JobWish::kCancel) return Edit{};
  Draft draft(state_);
  draft.ChangeJob(id).wish = JobWish::kCancel;
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::Pause(JobId id, TimeMs now) const {
  const auto it = state_.jobs.find(id);
  if (it == state_.jobs.end()) return NoSuchJob(id);
  MK_RETURN_IF_ERROR(CheckNotEnding(it->second));
  if (it->second.wish == JobWish::kPause) return Edit{};
  if (it->second.state == JobState::kHeld) {
    return absl::FailedPreconditionError(
        absl::StrCat("Job ", id, " is HELD and does not run: there is nothing to pause."));
  }
  Draft draft(state_);
  draft.ChangeJob(id).wish = JobWish::kPause;
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::Resume(JobId id, TimeMs now) const {
  const auto it = state_.jobs.find(id);
  if (it == state_.jobs.end()) return NoSuchJob(id);
  MK_RETURN_IF_ERROR(CheckNotEnding(it->second));
  if (it->second.state == JobState::kHeld) {
    return absl::FailedPreconditionError(
        absl::StrCat("Job ", id, " is HELD, not paused: \"mkctl jobs explain ", id,
                     "\" says why, and \"mkctl jobs retry ", id, "\" lets it go on."));
  }
  if (it->second.wish == JobWish::kRun) return Edit{};
  Draft draft(state_);
  draft.ChangeJob(id).wish = JobWish::kRun;
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::Retry(JobId id, TimeMs now) const {
  const auto it = state_.jobs.find(id);
  if (it == state_.jobs.end()) return NoSuchJob(id);
  if (it->second.state != JobState::kHeld) {
    return absl::FailedPreconditionError(
        absl::StrCat("Job ", id, " is not HELD: it goes on by itself. \"mkctl jobs explain ", id,
                     "\" says what it waits for."));
  }
  Draft draft(state_);
  draft.ChangeJob(id).wish = JobWish::kRun;
  for (auto task = state_.tasks.lower_bound({id, 0});
       task != state_.tasks.end() && task->first.first == id; ++task) {
    if (task->second.state != TaskState::kHeld) continue;
    Task& held = draft.ChangeTask(task->first);
    held.state = TaskState::kPending;
    held.not_before_ms = 0;
    ForgetFailures(held);
  }
  return draft.Finish(now);
}

}  // namespace makeover
