#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/consequences.h"
#include "coordinator/coordinator.h"
#include "storage/blob_store.h"
#include "storage/catalog.h"
#include "tests/coordinator/scheduler_world.h"
#include "tests/storage/temp_dir.h"

namespace makeover {

// Decisions of one round after the other, as the coordinator's thread makes them: each sees what
// was decided before it, which is not committed before the round ends.
class DecisionWorld {
 public:
  DecisionWorld() {
    absl::StatusOr<std::unique_ptr<Catalog>> opened = Catalog::Open(dir_ / "catalog.db");
    EXPECT_TRUE(opened.ok()) << opened.status();
    catalog = *std::move(opened);
    absl::StatusOr<std::unique_ptr<BlobStore>> stored = BlobStore::Open(dir_.path());
    EXPECT_TRUE(stored.ok()) << stored.status();
    blobs = *std::move(stored);
  }

  View view() const { return {scheduler, *catalog, pending, now}; }

  absl::Status Do(absl::StatusOr<Edit> edit) {
    if (!edit.ok()) return edit.status();
    const absl::Status added = AddConsequences(view(), *edit);
    EXPECT_TRUE(added.ok()) << added;
    scheduler.Apply(*edit);
    Append(*std::move(edit), pending);
    return absl::OkStatus();
  }
  void MustDo(absl::StatusOr<Edit> edit) {
    const absl::Status done = Do(std::move(edit));
    EXPECT_TRUE(done.ok()) << done;
  }

  void EndRound() {
    const absl::Status committed = catalog->Commit(pending);
    EXPECT_TRUE(committed.ok()) << committed;
    pending = {};
  }

  // A blob with these bytes.
  BlobRef Put(const std::string& bytes) {
    absl::StatusOr<std::string> digest = blobs->Put(bytes);
    EXPECT_TRUE(digest.ok()) << digest.status();
    return {*digest, static_cast<int64_t>(bytes.size())};
  }

  // A round with a job of one task that the worker "w" runs.
  JobId Begin(Job job, Task task = {}) {
    if (scheduler.state().workers.empty()) {
      MustDo(scheduler.Register(MakeWorker("w", 1), true, now));
    }
    MustDo(scheduler.SubmitJob(std::move(job), {std::move(task)}, std::nullopt, now));
    MustDo(scheduler.Assign(now));
    EndRound();
    return scheduler.state().next_job - 1;
  }

  // What the worker that runs the job says.
  TaskReport ReportOf(JobId job) const {
    TaskReport report;
    report.worker = "w";
    report.identity = "id-w";
    report.lease = LeaseOf(scheduler.state().tasks.at({job, 0}));
    return report;
  }
  void ReportCheckpoint(JobId job, uint32_t step) {
    TaskReport report = ReportOf(job);
    report.checkpoints.push_back(
        {.job = 0, .step = step, .blob = Put("step " + std::to_string(step)), .create_ms = 0});
    MustDo(scheduler.Report(report, std::nullopt, now));
  }
  // The training says that its best evaluation is that of `best`.
  void ReportBest(JobId job, uint32_t step, uint32_t best) {
    TaskReport report = ReportOf(job);
    report.metrics.push_back(
        {.job = 0, .step = step, .values = {{"bestStep", static_cast<double>(best)}}});
    MustDo(scheduler.Report(report, std::nullopt, now));
  }
  void ReportEnd(JobId job, OutcomeKind kind) {
    TaskReport report = ReportOf(job);
    report.outcome.emplace();
    report.outcome->kind = kind;
    MustDo(scheduler.Report(report, std::nullopt, now));
  }

  // Of those that are committed.
  std::vector<uint32_t> StepsOf(JobId job) const {
    std::vector<uint32_t> steps;
    const absl::StatusOr<std::vector<Checkpoint>> checkpoints = catalog->ListCheckpoints(job);
    for (const Checkpoint& checkpoint : *checkpoints) steps.push_back(checkpoint.step);
    return steps;
  }

 private:
  TempDir dir_;

 public:
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<BlobStore> blobs;
  Scheduler scheduler{SchedulerSettings{}};
  Edit pending;
  TimeMs now = 1'000'000;
};

}  // namespace makeover
