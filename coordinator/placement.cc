#include "coordinator/placement.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <tuple>
#include <utility>

namespace makeover {
namespace {

struct DeviceUse {
  JobId job = 0;
  int tasks = 0;
};

// An open worker as the placement fills it.
struct Slot {
  const Worker* worker = nullptr;
  std::map<std::string, DeviceUse> used;  // By device.
  int deviceless = 0;
  bool reserved = false;

  int Free() const { return static_cast<int>(worker->devices.size() - used.size()); }
};

// A job with its tasks that may begin, in order.
struct Waiting {
  const Job* job = nullptr;
  std::deque<const Task*> tasks;
};

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// CUDA devices before others, then in the worker's order; all of one kind.
std::vector<std::string> ChooseDevices(const Slot& slot, int count) {
  for (const bool cuda : {true, false}) {
    std::vector<std::string> names;
    for (const Device& device : slot.worker->devices) {
      if ((device.kind == "cuda") != cuda || slot.used.count(device.name) > 0) continue;
      names.push_back(device.name);
      if (static_cast<int>(names.size()) == count) return names;
    }
  }
  return {};
}

bool HasCuda(const Slot& slot) {
  return std::any_of(slot.worker->devices.begin(), slot.worker->devices.end(),
                     [](const Device& device) { return device.kind == "cuda"; });
}

bool HasEnoughDevices(const Worker& worker, int count) {
  Slot empty;
  empty.worker = &worker;
  return count == 0 || !ChooseDevices(empty, count).empty();
}

class Placer {
 public:
  Placer(const SchedulerState& state, const SchedulerSettings& settings, TimeMs now)
      : state_(state), settings_(settings) {
    for (const auto& [name, worker] : state.workers) {
      if (IsOpen(worker)) slots_[name].worker = &worker;
    }
    for (const auto& [key, task] : state.tasks) {
      if (task.state == TaskState::kLeased) CountLease(task);
      if (task.state == TaskState::kPending && task.not_before_ms <= now) Collect(task);
    }
  }

  std::vector<Placement> Run() {
    if (slots_.empty()) return {};
    std::map<int, std::vector<Waiting*>, std::greater<>> by_priority;
    for (auto& [id, waiting] : waiting_) by_priority[waiting.job->priority].push_back(&waiting);
    for (auto& [priority, jobs] : by_priority) PlacePriority(jobs);
    for (auto& [priority, jobs] : by_priority) {
      for (Waiting* waiting : jobs) ShareDevices(*waiting);
    }
    return std::move(placements_);
  }

 private:
  void CountLease(const Task& task) {
    usage_[state_.jobs.at(task.job).owner] += static_cast<int>(task.devices.size());
    const auto slot = slots_.find(task.worker);
    if (slot != slots_.end()) Occupy(slot->second, task.job, task.devices);
  }

  static void Occupy(Slot& slot, JobId job, const std::vector<std::string>& devices) {
    if (devices.empty()) ++slot.deviceless;
    for (const std::string& device : devices) {
      DeviceUse& use = slot.used[device];
      use.job = job;
      ++use.tasks;
    }
  }

  void Collect(const Task& task) {
    const Job& job = state_.jobs.at(task.job);
    if (!IsReady(state_, job)) return;
    Waiting& waiting = waiting_[job.id];
    waiting.job = &job;
    waiting.tasks.push_back(&task);
  }

  // One priority: always the owner with the fewest devices next, his oldest job first.
  void PlacePriority(const std::vector<Waiting*>& jobs) {
    std::map<std::string, std::deque<Waiting*>> owners;
    for (Waiting* waiting : jobs) owners[waiting->job->owner].push_back(waiting);
    while (!owners.empty()) {
      const auto next =
          std::min_element(owners.begin(), owners.end(), [&](const auto& a, const auto& b) {
            return std::tuple(usage_[a.first], a.second.front()->job->id) <
                   std::tuple(usage_[b.first], b.second.front()->job->id);
          });
      Waiting& waiting = *next->second.front();
      const bool placed = PlaceNext(waiting);
      if (!placed) blocked_.push_back(waiting.job);
      if (placed && !waiting.tasks.empty()) continue;
      next->second.pop_front();
      if (next->second.empty()) owners.erase(next);
    }
  }

  // False: none of its tasks can begin now.
  bool PlaceNext(Waiting& waiting) {
    const Job& job = *waiting.job;
    for (const Task* task : waiting.tasks) {
      Slot* slot =
          job.devices_per_task == 0 ? FindDeviceless(job, *task) : FindExclusive(job, *task);
      if (slot != nullptr) {
        Place(waiting, *task, *slot, ChooseDevices(*slot, job.devices_per_task));
        return true;
      }
      // Without workers to avoid, the next task would fare the same.
      if (task->avoid.empty()) break;
    }
    Reserve(job, *waiting.tasks.front());
    return false;
  }

  void Place(Waiting& waiting, const Task& task, Slot& slot, std::vector<std::string> devices) {
    Occupy(slot, waiting.job->id, devices);
    usage_[waiting.job->owner] += static_cast<int>(devices.size());
    placements_.push_back({KeyOf(task), slot.worker->name, std::move(devices)});
    waiting.tasks.erase(std::find(waiting.tasks.begin(), waiting.tasks.end(), &task));
  }

  Slot* FindDeviceless(const Job& job, const Task& task) {
    Slot* best = nullptr;
    for (auto& [name, slot] : slots_) {
      if (slot.deviceless >= settings_.deviceless_tasks_per_worker) continue;
      if (IsAvoided(state_, job, task, name)) continue;
      if (best == nullptr || slot.deviceless < best->deviceless) best = &slot;
    }
    return best;
  }

  Slot* FindExclusive(const Job& job, const Task& task) {
    Slot* best = nullptr;
    const auto rank = [](const Slot& slot) { return std::tuple(HasCuda(slot), slot.Free()); };
    for (auto& [name, slot] : slots_) {
      if (slot.reserved || ChooseDevices(slot, job.devices_per_task).empty()) continue;
      if (IsAvoided(state_, job, task, name)) continue;
      if (best == nullptr || rank(slot) > rank(*best)) best = &slot;
    }
    return best;
  }

  // For the first job only: a second reservation would keep devices idle for a far future.
  void Reserve(const Job& job, const Task& task) {
    if (job.devices_per_task < 2 || has_reservation_) return;
    Slot* best = nullptr;
    for (auto& [name, slot] : slots_) {
      if (!HasEnoughDevices(*slot.worker, job.devices_per_task)) continue;
      if (IsAvoided(state_, job, task, name)) continue;
      if (best == nullptr || slot.Free() > best->Free()) best = &slot;
    }
    if (best == nullptr) return;
    best->reserved = true;
    has_reservation_ = true;
  }

  void ShareDevices(Waiting& waiting) {
    if (waiting.job->kind != JobKind::kConvert || waiting.job->devices_per_task != 1) return;
    if (IsOvertaking(*waiting.job)) return;
    while (!waiting.tasks.empty()) {
      const auto found = FindShared(*waiting.job, *waiting.tasks.front());
      if (!found.has_value()) return;
      Place(waiting, *waiting.tasks.front(), *found->first, {found->second});
    }
  }

  // Would sharing keep a device from another job whose turn it is?
  bool IsOvertaking(const Job& job) {
    return std::any_of(blocked_.begin(), blocked_.end(), [&](const Job* other) {
      if (other->id == job.id || other->devices_per_task == 0) return false;
      if (other->priority != job.priority) return other->priority > job.priority;
      if (other->owner == job.owner) return other->id < job.id;
      return usage_[other->owner] < usage_[job.owner];
    });
  }

  // The device with the fewest tasks of this job.
  std::optional<std::pair<Slot*, std::string>> FindShared(const Job& job, const Task& task) {
    std::optional<std::pair<Slot*, std::string>> best;
    int fewest = settings_.shares_per_device;
    for (auto& [name, slot] : slots_) {
      if (slot.reserved || IsAvoided(state_, job, task, name)) continue;
      for (const auto& [device, use] : slot.used) {
        if (use.job != job.id || use.tasks >= fewest) continue;
        best = {&slot, device};
        fewest = use.tasks;
      }
    }
    return best;
  }

  const SchedulerState& state_;
  const SchedulerSettings& settings_;
  std::map<std::string, Slot> slots_;  // By worker.
  std::map<std::string, int> usage_;   // Devices by owner.
  std::map<JobId, Waiting> waiting_;
  std::vector<const Job*> blocked_;  // Could not begin a task, in their order.
  bool has_reservation_ = false;
  std::vector<Placement> placements_;
};

}  // namespace

std::vector<Placement> PlaceTasks(const SchedulerState& state, const SchedulerSettings& settings,
                                  TimeMs now) {
  return Placer(state, settings, now).Run();
}

bool IsReady(const SchedulerState& state, const Job& job) {
  if (job.wish != JobWish::kRun) return false;
  if (job.state != JobState::kQueued && job.state != JobState::kRunning) return false;
  return job.after_job == 0 || state.jobs.count(job.after_job) == 0;
}

bool IsOpen(const Worker& worker) {
  return worker.mode == WorkerMode::kActive && !worker.lost && !worker.devices.empty();
}

bool IsAvoided(const SchedulerState& state, const Job& job, const Task& task,
               const std::string& worker) {
  if (!Contains(task.avoid, worker)) return false;
  return std::any_of(state.workers.begin(), state.workers.end(), [&](const auto& entry) {
    return IsOpen(entry.second) && !Contains(task.avoid, entry.first) &&
           HasEnoughDevices(entry.second, job.devices_per_task);
  });
}

}  // namespace makeover
