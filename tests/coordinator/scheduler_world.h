#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "coordinator/scheduler.h"

namespace makeover {

inline Worker MakeWorker(const std::string& name, int devices, const std::string& kind = "cpu") {
  Worker worker;
  worker.name = name;
  worker.identity = "id-" + name;
  for (int i = 0; i < devices; ++i) {
    const std::string device = kind + ":" + std::to_string(i);
    worker.devices.push_back(
        {.name = device, .kind = kind, .description = {}, .memory_bytes = 0, .bf16 = false});
  }
  return worker;
}

inline Job MakeJob(JobKind kind, int devices = 1) {
  Job job;
  job.kind = kind;
  job.devices_per_task = devices;
  job.owner = "ann";
  return job;
}

inline Failure MakeFailure(FailureClass failure_class) {
  return {failure_class, "CODE", "It broke.", "Mend it."};
}

// A scheduler with a clock, whose edits are applied at once. What held before an edit is checked to
// hold after it.
class World {
 public:
  explicit World(const SchedulerSettings& settings = {}) : scheduler(settings) {}

  absl::Status Do(const absl::StatusOr<Edit>& edit) {
    if (!edit.ok()) return edit.status();
    scheduler.Apply(*edit);
    last = *edit;
    for (const Job& job : edit->jobs) ended[job.id] = job;
    for (const Task& task : edit->tasks) tasks[KeyOf(task)] = task;
    const absl::Status sane = scheduler.SanityCheck();
    EXPECT_TRUE(sane.ok()) << sane;
    return absl::OkStatus();
  }

  JobId Submit(Job job, int task_count = 1) {
    const absl::Status done =
        Do(scheduler.SubmitJob(std::move(job), std::vector<Task>(task_count), std::nullopt, now));
    EXPECT_TRUE(done.ok()) << done;
    return scheduler.state().next_job - 1;
  }
  JobId SubmitTraining(int devices = 1) { return Submit(MakeJob(JobKind::kTrain, devices)); }

  void Add(const Worker& worker, bool started = true) {
    const absl::Status done = Do(scheduler.Register(worker, started, now));
    EXPECT_TRUE(done.ok()) << done;
  }
  void Assign() { EXPECT_TRUE(Do(scheduler.Assign(now)).ok()); }
  void Tick() { EXPECT_TRUE(Do(scheduler.Tick(now)).ok()); }

  // The worker says what it runs, and that it knows what it should.
  absl::Status Beat(const std::string& worker, std::vector<LeaseKey> running) {
    return Do(scheduler.Heartbeat({.worker = worker,
                                   .identity = "id-" + worker,
                                   .running = std::move(running),
                                   .wanted_version = scheduler.Wanted(worker).version},
                                  now));
  }

  TaskReport ReportOf(JobId job, uint32_t index = 0) const {
    const Task& task = tasks.at({job, index});
    TaskReport report;
    report.worker = task.worker;
    report.identity = "id-" + task.worker;
    report.lease = LeaseOf(task);
    return report;
  }
  absl::Status End(JobId job, OutcomeKind kind, FailureClass failure_class = FailureClass::kNone,
                   uint32_t index = 0) {
    TaskReport report = ReportOf(job, index);
    report.outcome.emplace();
    report.outcome->kind = kind;
    if (kind == OutcomeKind::kFailed) report.outcome->failure = MakeFailure(failure_class);
    return Do(scheduler.Report(report, std::nullopt, now));
  }
  absl::Status Succeed(JobId job, uint32_t index = 0) {
    return End(job, OutcomeKind::kSucceeded, FailureClass::kNone, index);
  }
  absl::Status Fail(JobId job, FailureClass failure_class, uint32_t index = 0) {
    return End(job, OutcomeKind::kFailed, failure_class, index);
  }

  // Also of jobs that have ended.
  const Job& job(JobId id) const { return ended.at(id); }
  JobState StateOf(JobId id) const { return job(id).state; }
  const Task& task(JobId job, uint32_t index = 0) const { return tasks.at({job, index}); }

  Scheduler scheduler;
  TimeMs now = 1'000'000;
  Edit last;
  std::map<JobId, Job> ended;
  std::map<TaskKey, Task> tasks;
};

}  // namespace makeover
