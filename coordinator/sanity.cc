// What must hold of the scheduler's state at any time.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/job_state.h"
#include "coordinator/scheduler.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

template <typename... Parts>
absl::Status Broken(const Parts&... parts) {
  return absl::InternalError(absl::StrCat("The scheduler's state is broken: ", parts..., "."));
}

bool HasDevice(const Worker& worker, const std::string& name) {
  return std::any_of(worker.devices.begin(), worker.devices.end(),
                     [&](const Device& device) { return device.name == name; });
}

absl::Status CheckLeased(const SchedulerState& state, const Task& task) {
  const auto worker = state.workers.find(task.worker);
  if (worker == state.workers.end()) return Broken("a lease of the unknown worker ", task.worker);
  if (worker->second.lost) return Broken("a lease of the lost worker ", task.worker);
  if (task.attempt == 0) return Broken("a lease without an attempt number");
  const auto wanted = static_cast<size_t>(state.jobs.at(task.job).devices_per_task);
  if (task.devices.size() != wanted) return Broken("a lease with the wrong number of devices");
  for (const std::string& device : task.devices) {
    if (!HasDevice(worker->second, device)) return Broken("a lease of the unknown device ", device);
  }
  return absl::OkStatus();
}

absl::Status CheckTask(const SchedulerState& state, const Task& task) {
  if (state.jobs.count(task.job) == 0) {
    return Broken("task ", task.index, " of the unknown job ", task.job);
  }
  if (task.state == TaskState::kLeased) return CheckLeased(state, task);
  if (!task.worker.empty() || !task.devices.empty()) {
    return Broken("task ", task.index, " of job ", task.job, " has a worker without a lease");
  }
  return absl::OkStatus();
}

absl::Status CheckJob(const SchedulerState& state, const Job& job) {
  TaskCounts counts;
  int tasks = 0;
  for (auto it = state.tasks.lower_bound({job.id, 0});
       it != state.tasks.end() && it->first.first == job.id; ++it, ++tasks) {
    counts.Add(it->second.state);
  }
  if (tasks == 0 || tasks != job.task_count) return Broken("job ", job.id, " lacks tasks");
  if (IsEnding(job.wish, counts) && counts.pending + counts.held > 0) {
    return Broken("job ", job.id, " is ending with tasks that could begin");
  }
  if (job.state != StateOfJob(job.wish, counts)) {
    return Broken("job ", job.id, " has a state that its tasks do not give");
  }
  if (IsTerminal(job.state)) return Broken("job ", job.id, " has ended and is still here");
  if (job.id >= state.next_job) return Broken("job ", job.id, " has the number of a later one");
  return absl::OkStatus();
}

// A device belongs to one job; only the tasks of a conversion share it.
absl::Status CheckDevices(const SchedulerState& state, int shares_max) {
  std::map<std::pair<std::string, std::string>, std::vector<const Task*>> users;
  for (const auto& [key, task] : state.tasks) {
    for (const std::string& device : task.devices) users[{task.worker, device}].push_back(&task);
  }
  for (const auto& [device, tasks] : users) {
    if (tasks.size() == 1) continue;
    const JobId first = tasks.front()->job;
    const bool same = std::all_of(tasks.begin(), tasks.end(),
                                  [&](const Task* task) { return task->job == first; });
    if (!same || state.jobs.at(first).kind != JobKind::kConvert ||
        tasks.size() > static_cast<size_t>(shares_max)) {
      return Broken("device ", device.second, " of ", device.first, " is given twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDeviceless(const SchedulerState& state, int tasks_max) {
  std::map<std::string, int> tasks;
  for (const auto& [key, task] : state.tasks) {
    if (task.state != TaskState::kLeased || !task.devices.empty()) continue;
    if (++tasks[task.worker] > tasks_max) return Broken("too many small tasks on ", task.worker);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Scheduler::SanityCheck() const {
  for (const auto& [key, task] : state_.tasks) {
    if (key != KeyOf(task)) return Broken("task ", task.index, " under a wrong key");
    MK_RETURN_IF_ERROR(CheckTask(state_, task));
  }
  for (const auto& [id, job] : state_.jobs) MK_RETURN_IF_ERROR(CheckJob(state_, job));
  for (const auto& [name, worker] : state_.workers) {
    if (state_.seen.count(name) == 0) return Broken("worker ", name, " was never seen");
  }
  if (state_.seen.size() != state_.workers.size()) return Broken("an unknown worker was seen");
  MK_RETURN_IF_ERROR(CheckDevices(state_, settings_.shares_per_device));
  return CheckDeviceless(state_, settings_.deviceless_tasks_per_worker);
}

}  // namespace makeover
