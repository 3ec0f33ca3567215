// The scheduler's input about one lease: what its worker says of it.
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/draft.h"
#include "coordinator/lease_end.h"
#include "coordinator/scheduler.h"

namespace makeover {
namespace {

absl::Status Stale(const LeaseKey& lease) {
  return absl::AbortedError(absl::StrCat("Attempt ", lease.attempt, " of task ", lease.task,
                                         " of job ", lease.job,
                                         " is not the current one any more: stop it."));
}

bool IsSameOutcome(OutcomeKind kind, AttemptOutcome recorded) {
  switch (kind) {
    case OutcomeKind::kSucceeded:
      return recorded == AttemptOutcome::kSucceeded;
    case OutcomeKind::kReleased:
      return recorded == AttemptOutcome::kReleased;
    case OutcomeKind::kFailed:
      return recorded == AttemptOutcome::kFailed;
  }
  return false;
}

// The answer to an earlier report was lost, and the worker says the same again.
bool IsRepeated(const TaskReport& report, const std::optional<Attempt>& recorded) {
  return report.outcome.has_value() && recorded.has_value() && recorded->worker == report.worker &&
         IsSameOutcome(report.outcome->kind, recorded->outcome);
}

template <typename Record>
void CopyForJob(const std::vector<Record>& from, JobId job, std::vector<Record>& to) {
  for (Record record : from) {
    record.job = job;
    to.push_back(std::move(record));
  }
}

void RecordCheckpoints(const TaskReport& report, TimeMs now, Draft& draft) {
  CopyForJob(report.checkpoints, report.lease.job, draft.rest().checkpoints);
  for (Checkpoint& checkpoint : draft.rest().checkpoints) {
    checkpoint.create_ms = now;
    Task& task = draft.ChangeTask({report.lease.job, report.lease.task});
    if (checkpoint.step < task.step) continue;
    task.step = checkpoint.step;
    task.checkpoint = checkpoint.blob;
    ForgetFailures(task);
  }
}

void Succeed(const TaskReport& report, TimeMs now, Draft& draft) {
  const TaskKey key{report.lease.job, report.lease.task};
  draft.EndLease(key, AttemptOutcome::kSucceeded, {}, now);
  Task& task = draft.ChangeTask(key);
  task.state = TaskState::kSucceeded;
  ForgetFailures(task);
  task.output = report.outcome->output;
  task.manifest = report.outcome->manifest;
  task.files_done = report.outcome->files_done;
  task.files_failed = report.outcome->files_failed;
  draft.rest().quarantined = report.outcome->quarantined;
  Worker& worker = draft.ChangeWorker(report.worker);
  ++worker.tasks_succeeded;
  worker.failures_in_a_row = 0;
}

void End(const TaskReport& report, const SchedulerSettings& settings, TimeMs now, Draft& draft) {
  const TaskKey key{report.lease.job, report.lease.task};
  switch (report.outcome->kind) {
    case OutcomeKind::kSucceeded:
      return Succeed(report, now, draft);
    case OutcomeKind::kReleased:
      return ReleaseLease(draft, key, settings, now);
    case OutcomeKind::kFailed:
      return FailLease(draft, key, report.outcome->failure, settings, now);
  }
}

}  // namespace

bool Scheduler::IsCurrent(const TaskReport& report) const {
  const auto task = state_.tasks.find({report.lease.job, report.lease.task});
  if (task == state_.tasks.end() || task->second.state != TaskState::kLeased) return false;
  if (LeaseOf(task->second) != report.lease || task->second.worker != report.worker) return false;
  const auto worker = state_.workers.find(report.worker);
  return worker != state_.workers.end() && worker->second.identity == report.identity;
}

absl::StatusOr<Edit> Scheduler::Report(const TaskReport& report,
                                       const std::optional<Attempt>& recorded, TimeMs now) const {
  if (!IsCurrent(report)) {
    if (IsRepeated(report, recorded)) return Edit{};
    return Stale(report.lease);
  }
  Draft draft(state_);
  draft.rest().seen[report.worker] = now;
  CopyForJob(report.metrics, report.lease.job, draft.rest().metrics);
  CopyForJob(report.samples, report.lease.job, draft.rest().samples);
  RecordCheckpoints(report, now, draft);
  if (report.outcome.has_value()) End(report, settings_, now, draft);
  return draft.Finish(now);
}

}  // namespace makeover
