#include "coordinator/lease_end.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace makeover {
namespace {

// Of a task whose job is to end early, only success still counts.
bool CancelInstead(Draft& draft, const TaskKey& key) {
  const Job& job = *draft.FindJob(key.first);
  if (!IsEnding(job.wish, draft.CountTasks(key.first))) return false;
  draft.ChangeTask(key).state = TaskState::kCancelled;
  return true;
}

TimeMs BackOff(uint32_t failures, const SchedulerSettings& settings) {
  TimeMs wait = settings.retry_ms;
  for (uint32_t i = 1; i < failures; ++i) wait *= settings.retry_factor;
  return wait;
}

void MakePending(Task& task, TimeMs not_before_ms) {
  task.state = TaskState::kPending;
  task.not_before_ms = not_before_ms;
}

void Hold(Task& task, absl::string_view why) {
  task.state = TaskState::kHeld;
  task.failure.message = absl::StrCat(why, " ", task.failure.message);
  if (!task.failure.advice.empty()) task.failure.advice += " ";
  absl::StrAppend(&task.failure.advice, "When it is mended: mkctl jobs retry ", task.job, ".");
}

void CountTaskFailure(Task& task, const SchedulerSettings& settings, TimeMs now) {
  ++task.task_failures;
  if (task.task_failures >= settings.task_failures_max) {
    Hold(task, absl::StrCat("Task ", task.index, " failed ", task.task_failures,
                            " times without progress, the last time so:"));
  } else {
    MakePending(task, now + BackOff(task.task_failures, settings));
  }
}

void CountWorkerLoss(Task& task, const SchedulerSettings& settings) {
  ++task.worker_losses;
  if (task.worker_losses > settings.worker_losses_max) {
    Hold(task, absl::StrCat("Task ", task.index, " lost its worker ", task.worker_losses,
                            " times without progress, the last time so:"));
  } else {
    MakePending(task, 0);
  }
}

void CountAgainstWorker(Draft& draft, const std::string& name, bool first_of_this_task,
                        const SchedulerSettings& settings) {
  Worker& worker = draft.ChangeWorker(name);
  ++worker.tasks_failed;
  // The same task again says more about the task than about the worker.
  if (first_of_this_task) ++worker.failures_in_a_row;
  if (worker.mode != WorkerMode::kActive) return;
  if (worker.failures_in_a_row < settings.cordon_failures) return;
  worker.mode = WorkerMode::kCordoned;
  worker.reason = absl::StrCat(worker.failures_in_a_row,
                               " different tasks failed on it in a row. When it is mended: "
                               "mkctl workers resume ",
                               name, ".");
}

bool AvoidFromNowOn(Task& task, const std::string& worker) {
  if (std::find(task.avoid.begin(), task.avoid.end(), worker) != task.avoid.end()) return false;
  task.avoid.push_back(worker);
  return true;
}

}  // namespace

void FailLease(Draft& draft, const TaskKey& key, Failure failure, const SchedulerSettings& settings,
               TimeMs now) {
  if (failure.failure_class == FailureClass::kWorker) {
    LoseLease(draft, key, AttemptOutcome::kFailed, std::move(failure), settings, now);
    return;
  }
  const std::string worker = draft.FindTask(key)->worker;
  draft.EndLease(key, AttemptOutcome::kFailed, failure, now);
  if (CancelInstead(draft, key)) return;
  Task& task = draft.ChangeTask(key);
  task.failure = std::move(failure);
  switch (task.failure.failure_class) {
    case FailureClass::kUser:
      task.state = TaskState::kFailed;
      break;
    case FailureClass::kStorage:
      MakePending(task, now + settings.storage_wait_ms);
      break;
    default:
      task.failure.failure_class = FailureClass::kTask;
      CountAgainstWorker(draft, worker, AvoidFromNowOn(task, worker), settings);
      CountTaskFailure(task, settings, now);
  }
}

void ReleaseLease(Draft& draft, const TaskKey& key, const SchedulerSettings& settings, TimeMs now) {
  const std::string worker = draft.FindTask(key)->worker;
  draft.EndLease(key, AttemptOutcome::kReleased, {}, now);
  if (CancelInstead(draft, key)) return;
  // A worker that gives back what nobody took from it is about to stop: let it go first.
  const bool asked = draft.FindJob(key.first)->wish == JobWish::kPause ||
                     draft.FindWorker(worker)->mode == WorkerMode::kDraining;
  MakePending(draft.ChangeTask(key), asked ? 0 : now + settings.retry_ms);
}

void LoseLease(Draft& draft, const TaskKey& key, AttemptOutcome outcome, Failure failure,
               const SchedulerSettings& settings, TimeMs now) {
  draft.EndLease(key, outcome, failure, now);
  if (CancelInstead(draft, key)) return;
  Task& task = draft.ChangeTask(key);
  task.failure = std::move(failure);
  CountWorkerLoss(task, settings);
}

void ForgetFailures(Task& task) {
  task.task_failures = 0;
  task.worker_losses = 0;
  task.avoid.clear();
  task.failure = {};
}

}  // namespace makeover
