#include "coordinator/worker_messages.h"

#include <utility>

#include "coordinator/errors.h"
#include "coordinator/messages.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

v1::Worker::State StateOf(const Worker& worker, bool has_work) {
  if (worker.lost) return v1::Worker::LOST;
  switch (worker.mode) {
    case WorkerMode::kActive:
      return v1::Worker::ACTIVE;
    case WorkerMode::kDraining:
      return has_work ? v1::Worker::DRAINING : v1::Worker::DRAINED;
    case WorkerMode::kCordoned:
      return v1::Worker::CORDONED;
  }
  return v1::Worker::STATE_UNSPECIFIED;
}

v1::Worker ToMessage(const Worker& worker, TimeMs seen_ms, const std::vector<LeaseKey>& leases,
                     const ProgressBoard& board) {
  v1::Worker message;
  message.set_name(worker.name);
  message.set_state(StateOf(worker, !leases.empty()));
  for (const Device& device : worker.devices) *message.add_devices() = ToProto(device);
  for (const LeaseKey& lease : leases) {
    const TaskProgress progress = board.Of(lease);
    v1::RunningTask& running = *message.add_running();
    *running.mutable_lease() = ToProto(lease);
    *running.mutable_progress() = ToProto(progress);
    running.set_phase(progress.phase);
  }
  *message.mutable_register_time() = ToProto(worker.register_ms);
  *message.mutable_last_seen_time() = ToProto(seen_ms);
  message.set_version(worker.version);
  message.set_tasks_succeeded(worker.tasks_succeeded);
  message.set_tasks_failed(worker.tasks_failed);
  message.set_reason(worker.reason);
  return message;
}

std::vector<v1::Worker> Describe(const SchedulerState& state, const ProgressBoard& board) {
  std::map<std::string, std::vector<LeaseKey>> leases;
  for (const auto& [key, task] : state.tasks) {
    if (task.state == TaskState::kLeased) leases[task.worker].push_back(LeaseOf(task));
  }
  std::vector<v1::Worker> messages;
  for (const auto& [name, worker] : state.workers) {
    messages.push_back(ToMessage(worker, state.seen.at(name), leases[name], board));
  }
  return messages;
}

}  // namespace

absl::StatusOr<std::vector<v1::Worker>> DescribeWorkers(const Backend& backend) {
  std::vector<v1::Worker> workers;
  MK_RETURN_IF_ERROR(backend.coordinator.Read(
      [&](const View& view) { workers = Describe(view.scheduler.state(), backend.board); }));
  return workers;
}

absl::StatusOr<v1::Worker> DescribeWorker(const Backend& backend, const std::string& name) {
  MK_ASSIGN_OR_RETURN(std::vector<v1::Worker> workers, DescribeWorkers(backend));
  std::vector<std::string> names;
  for (v1::Worker& worker : workers) {
    if (worker.name() == name) return std::move(worker);
    names.push_back(worker.name());
  }
  return errors::NoSuchWorker(name, names);
}

}  // namespace makeover
