// Decides what runs where. A value: no clock, no threads, no I/O, no chance.
//
// Each input is a const method (input, now) -> StatusOr<Edit>. The caller commits the Edit, then
// hands it to Apply; only that changes the scheduler. An error changes nothing. After a restart
// Load takes what the catalog kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/scheduler_settings.h"
#include "coordinator/scheduler_state.h"
#include "coordinator/task_report.h"
#include "storage/records.h"

namespace makeover {

// Everything that a worker should run now. `version` names the set: equal sets, equal versions;
// never 0.
struct WantedSet {
  uint64_t version = 0;
  std::vector<Task> tasks;
};

// Why a job is where it is, and what would change that: whole sentences.
struct Reason {
  std::string what;
  std::string change;
  friend bool operator==(const Reason&, const Reason&) = default;
};

class Scheduler {
 public:
  explicit Scheduler(const SchedulerSettings& settings) : settings_(settings) {}

  // REQUIRES: nothing was applied yet. Every worker gets its full lease from `now` on.
  void Load(Snapshot snapshot, TimeMs now);
  void Apply(const Edit& edit);

  // Jobs. `job` needs no id and no state: they are given; so are those of `tasks` (one at least).
  // `after` is the state of job.after_job where that job has ended.
  // kNotFound, kFailedPrecondition: job.after_job is unknown, or did not succeed.
  absl::StatusOr<Edit> SubmitJob(Job job, std::vector<Task> tasks, std::optional<JobState> after,
                                 TimeMs now) const;
  // kNotFound: no such job, or it has ended (the caller knows which). Asking twice is fine.
  absl::StatusOr<Edit> Cancel(JobId id, TimeMs now) const;
  // kFailedPrecondition: HELD, or being cancelled.
  absl::StatusOr<Edit> Pause(JobId id, TimeMs now) const;
  absl::StatusOr<Edit> Resume(JobId id, TimeMs now) const;
  // A HELD job goes on. kFailedPrecondition: it is not HELD.
  absl::StatusOr<Edit> Retry(JobId id, TimeMs now) const;

  // Workers. `worker` says name, identity, devices and version.
  // `started`: its process has just begun, so whatever it was running is lost.
  // kAlreadyExists: another one of this name is alive.
  absl::StatusOr<Edit> Register(const Worker& worker, bool started, TimeMs now) const;
  // kNotFound: register again.
  absl::StatusOr<Edit> Heartbeat(const WorkerHeartbeat& heartbeat, TimeMs now) const;
  // `recorded` is the stored attempt, needed where IsCurrent says no. kAborted: the lease is stale;
  // nothing of the report counts.
  absl::StatusOr<Edit> Report(const TaskReport& report, const std::optional<Attempt>& recorded,
                              TimeMs now) const;
  bool IsCurrent(const TaskReport& report) const;
  // kNotFound. Asking twice is fine.
  absl::StatusOr<Edit> Drain(const std::string& worker, TimeMs now) const;
  absl::StatusOr<Edit> ResumeWorker(const std::string& worker, TimeMs now) const;
  // kFailedPrecondition: it is alive and has work.
  absl::StatusOr<Edit> RemoveWorker(const std::string& worker, TimeMs now) const;

  // Upkeep: takes back the leases of workers that were not heard from; gives out new ones.
  Edit Tick(TimeMs now) const;
  Edit Assign(TimeMs now) const;
  // When time alone changes what Tick or Assign decide; later than `now`.
  std::optional<TimeMs> NextDeadline(TimeMs now) const;

  WantedSet Wanted(const std::string& worker) const;
  // The weightiest first; empty: no such job, or it has ended.
  std::vector<Reason> Explain(JobId id, TimeMs now) const;

  const SchedulerState& state() const { return state_; }
  const SchedulerSettings& settings() const { return settings_; }
  // What Load would have to give for this state.
  Snapshot ToSnapshot() const;
  // kInternal: a sentence about the first invariant that does not hold.
  absl::Status SanityCheck() const;

 private:
  SchedulerSettings settings_;
  SchedulerState state_;
};

}  // namespace makeover
