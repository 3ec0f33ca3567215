// The scheduler's inputs about workers, and the passing of time.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/draft.h"
#include "coordinator/lease_end.h"
#include "coordinator/placement.h"
#include "coordinator/scheduler.h"
#include "coordinator/wanted.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status RegisterAgain(const std::string& worker) {
  return absl::NotFoundError(
      absl::StrCat("No worker \"", worker, "\" with this identity is registered: register again."));
}

absl::Status NoSuchWorker(const SchedulerState& state, const std::string& name) {
  std::string names;
  for (const auto& [known, worker] : state.workers) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", known);
  }
  return absl::NotFoundError(absl::StrCat("There is no worker \"", name, "\". ",
                                          names.empty()
                                              ? "No worker is known: start one with mkworker."
                                              : absl::StrCat("Known are: ", names, ".")));
}

std::vector<Task> TasksOfWorker(const SchedulerState& state, const std::string& worker) {
  std::vector<Task> tasks;
  for (const auto& [key, task] : state.tasks) {
    if (task.state == TaskState::kLeased && task.worker == worker) tasks.push_back(task);
  }
  return tasks;
}

bool HasDevice(const Worker& worker, const std::string& name) {
  return std::any_of(worker.devices.begin(), worker.devices.end(),
                     [&](const Device& device) { return device.name == name; });
}

bool HasDevicesOf(const Worker& worker, const Task& task) {
  return std::all_of(task.devices.begin(), task.devices.end(),
                     [&](const std::string& device) { return HasDevice(worker, device); });
}

Failure LostFailure(const std::string& worker, TimeMs silence_ms) {
  return {FailureClass::kWorker, "WORKER_LOST",
          absl::StrCat("Worker \"", worker, "\" was not heard from for ", silence_ms / 1000,
                       " seconds."),
          "The task is run again on another worker; look after that machine."};
}

// The worker knows that it should run it, and does not: it has ended it, and we never heard how.
Failure ForgottenFailure(const std::string& worker) {
  return {FailureClass::kWorker, "TASK_FORGOTTEN",
          absl::StrCat("Worker \"", worker, "\" has ended the task without saying how."),
          "The task is run again; the worker's log may say more."};
}

Failure RestartFailure(const std::string& worker) {
  return {FailureClass::kWorker, "WORKER_RESTARTED",
          absl::StrCat("Worker \"", worker, "\" was started again."),
          "The task is run again; the worker's log may say why it had ended."};
}

Failure DeviceFailure(const std::string& worker, const std::string& device) {
  return {FailureClass::kWorker, "DEVICE_GONE",
          absl::StrCat("Worker \"", worker, "\" has no device ", device, " any more."),
          "The task is run again; look after that machine."};
}

// All tasks of a worker that has just started; else those on devices that it no longer has.
void LoseTasksOfRegistered(const SchedulerState& state, const SchedulerSettings& settings,
                           const Worker& worker, bool started, TimeMs now, Draft& draft) {
  for (const Task& task : TasksOfWorker(state, worker.name)) {
    if (!started && HasDevicesOf(worker, task)) continue;
    LoseLease(
        draft, KeyOf(task), AttemptOutcome::kLost,
        started ? RestartFailure(worker.name) : DeviceFailure(worker.name, task.devices.front()),
        settings, now);
  }
}

bool Contains(const std::vector<LeaseKey>& leases, const Task& task) {
  return std::find(leases.begin(), leases.end(), LeaseOf(task)) != leases.end();
}

void LoseWorker(const SchedulerState& state, const SchedulerSettings& settings,
                const std::string& name, TimeMs now, Draft& draft) {
  draft.ChangeWorker(name).lost = true;
  for (const Task& task : TasksOfWorker(state, name)) {
    LoseLease(draft, KeyOf(task), AttemptOutcome::kLost,
              LostFailure(name, now - state.seen.at(name)), settings, now);
  }
}

}  // namespace

absl::StatusOr<Edit> Scheduler::Register(const Worker& worker, bool started, TimeMs now) const {
  Draft draft(state_);
  const auto it = state_.workers.find(worker.name);
  Worker next = worker;
  if (it != state_.workers.end() && it->second.identity == worker.identity) {
    next = it->second;
    next.devices = worker.devices;
    next.version = worker.version;
    LoseTasksOfRegistered(state_, settings_, next, started, now, draft);
  } else if (it != state_.workers.end() && !it->second.lost) {
    return absl::AlreadyExistsError(absl::StrCat(
        "Another worker with the name \"", worker.name, "\" is alive. Give this one another name ",
        "(--name), or stop that one and wait ", settings_.lease_ms / 1000, " seconds."));
  }
  next.lost = false;
  next.register_ms = now;
  draft.Put(std::move(next));
  draft.rest().seen[worker.name] = now;
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::Heartbeat(const WorkerHeartbeat& heartbeat, TimeMs now) const {
  const std::string& name = heartbeat.worker;
  const auto it = state_.workers.find(name);
  if (it == state_.workers.end() || it->second.identity != heartbeat.identity) {
    return RegisterAgain(name);
  }
  Draft draft(state_);
  draft.rest().seen[name] = now;
  if (it->second.lost) draft.ChangeWorker(name).lost = false;
  const bool is_up_to_date = heartbeat.wanted_version == Wanted(name).version;
  for (const Task& task : TasksOfWorker(state_, name)) {
    if (Contains(heartbeat.running, task)) continue;
    if (!IsWanted(state_, task)) {
      // It was taken from the worker, which has stopped it, even if the word of that was lost.
      ReleaseLease(draft, KeyOf(task), settings_, now);
    } else if (is_up_to_date) {
      LoseLease(draft, KeyOf(task), AttemptOutcome::kLost, ForgottenFailure(name), settings_, now);
    }
  }
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::Drain(const std::string& worker, TimeMs now) const {
  const auto it = state_.workers.find(worker);
  if (it == state_.workers.end()) return NoSuchWorker(state_, worker);
  if (it->second.mode == WorkerMode::kDraining) return Edit{};
  Draft draft(state_);
  draft.ChangeWorker(worker).mode = WorkerMode::kDraining;
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::ResumeWorker(const std::string& worker, TimeMs now) const {
  const auto it = state_.workers.find(worker);
  if (it == state_.workers.end()) return NoSuchWorker(state_, worker);
  if (it->second.mode == WorkerMode::kActive) return Edit{};
  Draft draft(state_);
  Worker& resumed = draft.ChangeWorker(worker);
  resumed.mode = WorkerMode::kActive;
  resumed.failures_in_a_row = 0;
  resumed.reason.clear();
  return draft.Finish(now);
}

absl::StatusOr<Edit> Scheduler::RemoveWorker(const std::string& worker, TimeMs now) const {
  if (state_.workers.count(worker) == 0) return NoSuchWorker(state_, worker);
  const std::vector<Task> tasks = TasksOfWorker(state_, worker);
  if (!tasks.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "Worker \"", worker, "\" is alive and runs a task of job ", tasks.front().job,
        ": drain it first (mkctl workers drain ", worker, "), then remove it when it is DRAINED."));
  }
  Draft draft(state_);
  draft.rest().removed_workers.push_back(worker);
  return draft.Finish(now);
}

Edit Scheduler::Tick(TimeMs now) const {
  Draft draft(state_);
  for (const auto& [name, worker] : state_.workers) {
    if (!worker.lost && now - state_.seen.at(name) >= settings_.lease_ms) {
      LoseWorker(state_, settings_, name, now, draft);
    }
  }
  return draft.Finish(now);
}

Edit Scheduler::Assign(TimeMs now) const {
  Draft draft(state_);
  for (const Placement& placement : PlaceTasks(state_, settings_, now)) {
    Task& task = draft.ChangeTask(placement.task);
    task.state = TaskState::kLeased;
    ++task.attempt;
    task.worker = placement.worker;
    task.devices = placement.devices;
    task.leased_ms = now;
    draft.rest().attempts.push_back({.job = task.job,
                                     .task = task.index,
                                     .attempt = task.attempt,
                                     .worker = task.worker,
                                     .devices = task.devices,
                                     .start_ms = now,
                                     .failure = {}});
  }
  return draft.Finish(now);
}

std::optional<TimeMs> Scheduler::NextDeadline(TimeMs now) const {
  std::optional<TimeMs> next;
  const auto consider = [&](TimeMs at) {
    if (!next.has_value() || at < *next) next = at;
  };
  for (const auto& [name, worker] : state_.workers) {
    if (!worker.lost) consider(std::max(state_.seen.at(name) + settings_.lease_ms, now + 1));
  }
  for (const auto& [key, task] : state_.tasks) {
    if (task.state == TaskState::kPending && task.not_before_ms > now) consider(task.not_before_ms);
  }
  return next;
}

}  // namespace makeover
