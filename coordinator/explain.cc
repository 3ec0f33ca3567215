// Why is a job where it is, and what would change that?
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/placement.h"
#include "coordinator/scheduler.h"

namespace makeover {
namespace {

std::string Seconds(TimeMs ms) {
  const TimeMs seconds = std::max<TimeMs>((ms + 999) / 1000, 1);
  return absl::StrCat(seconds, seconds == 1 ? " second" : " seconds");
}

std::string OnWhat(const Task& task) {
  if (task.devices.empty()) return absl::StrCat("worker \"", task.worker, "\"");
  return absl::StrCat("worker \"", task.worker, "\" (", absl::StrJoin(task.devices, ", "), ")");
}

int DevicesOf(const Worker& worker, bool cuda) {
  return static_cast<int>(
      std::count_if(worker.devices.begin(), worker.devices.end(),
                    [&](const Device& device) { return (device.kind == "cuda") == cuda; }));
}

// Collects the sentences about one job.
class Explainer {
 public:
  Explainer(const SchedulerState& state, const SchedulerSettings& settings, const Job& job,
            TimeMs now)
      : state_(state), settings_(settings), job_(job), now_(now) {
    for (auto it = state.tasks.lower_bound({job.id, 0});
         it != state.tasks.end() && it->first.first == job.id; ++it) {
      tasks_.push_back(&it->second);
    }
  }

  std::vector<Reason> Run() {
    Ending();
    Held();
    Paused();
    if (reasons_.empty() && Any(TaskState::kPending)) Waiting();
    Running();
    return std::move(reasons_);
  }

 private:
  void Say(std::string what, std::string change) {
    reasons_.push_back({std::move(what), std::move(change)});
  }

  bool Any(TaskState state) const {
    return std::any_of(tasks_.begin(), tasks_.end(),
                       [&](const Task* task) { return task->state == state; });
  }

  void Ending() {
    if (job_.state != JobState::kCancelling) return;
    Say(absl::StrCat("The job is being cancelled",
                     job_.wish == JobWish::kCancel ? ", as was asked" : ": a task failed for good",
                     "; its workers are stopping."),
        absl::StrCat("It ends when they have stopped, or are not heard from for ",
                     Seconds(settings_.lease_ms), "."));
  }

  void Held() {
    for (const Task* task : tasks_) {
      if (task->state == TaskState::kHeld) Say(task->failure.message, task->failure.advice);
    }
  }

  void Paused() {
    if (job_.wish != JobWish::kPause) return;
    Say(job_.state == JobState::kPaused ? "The job is paused, as was asked."
                                        : "The job is to pause; its workers are saving.",
        absl::StrCat("mkctl jobs resume ", job_.id));
  }

  void Waiting() {
    if (job_.after_job != 0 && state_.jobs.count(job_.after_job) > 0) {
      Say(absl::StrCat("It runs after job ", job_.after_job, ", which has not ended."),
          absl::StrCat("That job's success; \"mkctl jobs explain ", job_.after_job,
                       "\" says what it waits for."));
      return;
    }
    if (BackingOff()) return;
    Workers();
  }

  bool BackingOff() {
    const Task* first = nullptr;
    for (const Task* task : tasks_) {
      if (task->state != TaskState::kPending) continue;
      if (task->not_before_ms <= now_) return false;
      if (first == nullptr || task->not_before_ms < first->not_before_ms) first = task;
    }
    Say(absl::StrCat(
            "Task ", first->index, " waits ", Seconds(first->not_before_ms - now_),
            " before it is tried again: ",
            first->failure.message.empty() ? "its worker gave it back." : first->failure.message),
        first->failure.advice.empty() ? "Time alone." : first->failure.advice);
    return true;
  }

  void Workers() {
    if (state_.workers.empty()) {
      Say("No worker has ever registered.", "Start one: mkworker, or \"mkctl up\".");
      return;
    }
    if (SayNoneOpen() || SayTooFewDevices()) return;
    SayBusy();
  }

  bool SayNoneOpen() {
    std::vector<std::string> closed;
    for (const auto& [name, worker] : state_.workers) {
      if (IsOpen(worker)) return false;
      const char* how = worker.lost                            ? " is lost"
                        : worker.mode == WorkerMode::kDraining ? " is drained"
                        : worker.mode == WorkerMode::kCordoned ? " is cordoned"
                                                               : " has no devices";
      closed.push_back(absl::StrCat(name, how));
    }
    Say(absl::StrCat("No worker takes tasks: ", absl::StrJoin(closed, ", "), "."),
        "Start the lost ones again; \"mkctl workers resume NAME\" lets a drained or cordoned one "
        "take tasks again.");
    return true;
  }

  bool SayTooFewDevices() {
    int most = 0;
    for (const auto& [name, worker] : state_.workers) {
      if (IsOpen(worker))
        most = std::max({most, DevicesOf(worker, true), DevicesOf(worker, false)});
    }
    if (most >= job_.devices_per_task) return false;
    Say(absl::StrCat("It needs ", job_.devices_per_task,
                     " devices on one worker; the largest worker at hand has ", most, "."),
        "Add a worker with more devices, or submit it again with fewer --gpus.");
    return true;
  }

  void SayBusy() {
    std::set<JobId> others;
    for (const auto& [key, task] : state_.tasks) {
      if (task.state == TaskState::kLeased && task.job != job_.id) others.insert(task.job);
    }
    if (others.empty()) {
      Say(Any(TaskState::kLeased) ? "Its other tasks keep every device busy."
                                  : "A device is free: it is about to begin.",
          "Nothing to do.");
      return;
    }
    Say(absl::StrCat("Every device is busy, or kept for a job that comes first; running now: job ",
                     absl::StrJoin(others, ", job "), "."),
        "It begins when its turn comes: when one of those ends, with a higher --priority, or with "
        "more workers.");
  }

  void Running() {
    for (const Task* task : tasks_) {
      if (task->state != TaskState::kLeased) continue;
      Say(absl::StrCat("Task ", task->index, " runs on ", OnWhat(*task), ", attempt ",
                       task->attempt, ", for ", Seconds(now_ - task->leased_ms), "."),
          "It ends by itself.");
    }
  }

  const SchedulerState& state_;
  const SchedulerSettings& settings_;
  const Job& job_;
  const TimeMs now_;
  std::vector<const Task*> tasks_;
  std::vector<Reason> reasons_;
};

}  // namespace

std::vector<Reason> Scheduler::Explain(JobId id, TimeMs now) const {
  const auto job = state_.jobs.find(id);
  if (job == state_.jobs.end()) return {};
  return Explainer(state_, settings_, job->second, now).Run();
}

}  // namespace makeover
