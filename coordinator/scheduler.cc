#include "coordinator/scheduler.h"

#include <algorithm>
#include <utility>

#include "coordinator/draft.h"
#include "coordinator/lease_end.h"
#include "coordinator/wanted.h"

namespace makeover {
namespace {

void EraseJob(SchedulerState& state, JobId id) {
  state.jobs.erase(id);
  state.tasks.erase(state.tasks.lower_bound({id, 0}), state.tasks.lower_bound({id + 1, 0}));
}

void ApplyJobs(const Edit& edit, SchedulerState& state) {
  for (const Job& job : edit.jobs) {
    state.next_job = std::max(state.next_job, job.id + 1);
    if (!IsTerminal(job.state)) state.jobs[job.id] = job;
  }
  for (const Task& task : edit.tasks) {
    if (state.jobs.count(task.job) > 0) state.tasks[KeyOf(task)] = task;
  }
  for (const Job& job : edit.jobs) {
    if (IsTerminal(job.state)) EraseJob(state, job.id);
  }
}

void ApplyWorkers(const Edit& edit, SchedulerState& state) {
  for (const Worker& worker : edit.workers) state.workers[worker.name] = worker;
  for (const auto& [worker, time] : edit.seen) state.seen[worker] = time;
  for (const std::string& name : edit.removed_workers) {
    state.workers.erase(name);
    state.seen.erase(name);
  }
}

}  // namespace

void Scheduler::Load(Snapshot snapshot, TimeMs now) {
  for (Job& job : snapshot.jobs) state_.jobs[job.id] = std::move(job);
  for (Task& task : snapshot.tasks) state_.tasks[KeyOf(task)] = std::move(task);
  for (Worker& worker : snapshot.workers) {
    state_.seen[worker.name] = now;
    state_.workers[worker.name] = std::move(worker);
  }
  state_.next_job = snapshot.next_job;
}

void Scheduler::Apply(const Edit& edit) {
  ApplyJobs(edit, state_);
  ApplyWorkers(edit, state_);
}

WantedSet Scheduler::Wanted(const std::string& worker) const {
  WantedSet wanted;
  for (const auto& [key, task] : state_.tasks) {
    if (task.state == TaskState::kLeased && task.worker == worker && IsWanted(state_, task)) {
      wanted.tasks.push_back(task);
    }
  }
  wanted.version = VersionOf(wanted.tasks);
  return wanted;
}

Snapshot Scheduler::ToSnapshot() const {
  Snapshot snapshot;
  for (const auto& [id, job] : state_.jobs) snapshot.jobs.push_back(job);
  for (const auto& [key, task] : state_.tasks) snapshot.tasks.push_back(task);
  for (const auto& [name, worker] : state_.workers) snapshot.workers.push_back(worker);
  snapshot.next_job = state_.next_job;
  return snapshot;
}

}  // namespace makeover
