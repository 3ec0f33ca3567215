#pragma once

#include "storage/job_records.h"
#include "storage/record_columns.h"

// The columns of jobs and of what belongs to them, and of workers.

namespace makeover {

template <>
struct Columns<Job> {
  static constexpr char kTable[] = "jobs";
  static constexpr char kKey[] = "id";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& job) {
    visit("id", job.id);
    visit("kind", job.kind);
    visit("state", job.state);
    visit("wish", job.wish);
    visit("request_id", job.request_id);
    visit("owner", job.owner);
    visit("description", job.description);
    visit("priority", job.priority);
    visit("after_job", job.after_job);
    visit("devices_per_task", job.devices_per_task);
    visit("task_count", job.task_count);
    visit("create_ms", job.create_ms);
    visit("start_ms", job.start_ms);
    visit("end_ms", job.end_ms);
    VisitFailure(visit, job.failure);
    visit("dataset", job.dataset);
    visit("model", job.model);
    visit("files_skipped", job.files_skipped);
    visit.Opaque("spec", job.spec);
  }
};

template <>
struct Columns<Task> {
  static constexpr char kTable[] = "tasks";
  static constexpr char kKey[] = "job, idx";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& task) {
    visit("job", task.job);
    visit("idx", task.index);
    visit("state", task.state);
    visit("attempt", task.attempt);
    visit("worker", task.worker);
    visit("devices", task.devices);
    visit("leased_ms", task.leased_ms);
    visit("not_before_ms", task.not_before_ms);
    visit("task_failures", task.task_failures);
    visit("worker_losses", task.worker_losses);
    visit("avoid", task.avoid);
    VisitFailure(visit, task.failure);
    VisitBlob(visit, "input", task.input);
    visit("files", task.files);
    VisitBlob(visit, "output", task.output);
    VisitBlob(visit, "manifest", task.manifest);
    visit("files_done", task.files_done);
    visit("files_failed", task.files_failed);
    visit("step", task.step);
    VisitBlob(visit, "checkpoint", task.checkpoint);
  }
};

template <>
struct Columns<Attempt> {
  static constexpr char kTable[] = "attempts";
  static constexpr char kKey[] = "job, task, attempt";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& attempt) {
    visit("job", attempt.job);
    visit("task", attempt.task);
    visit("attempt", attempt.attempt);
    visit("worker", attempt.worker);
    visit("devices", attempt.devices);
    visit("start_ms", attempt.start_ms);
    visit("end_ms", attempt.end_ms);
    visit("outcome", attempt.outcome);
    VisitFailure(visit, attempt.failure);
  }
};

template <>
struct Columns<Worker> {
  static constexpr char kTable[] = "workers";
  static constexpr char kKey[] = "name";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& worker) {
    visit("name", worker.name);
    visit("identity", worker.identity);
    visit("mode", worker.mode);
    visit("lost", worker.lost);
    visit("devices", worker.devices);
    visit("register_ms", worker.register_ms);
    visit("version", worker.version);
    visit("tasks_succeeded", worker.tasks_succeeded);
    visit("tasks_failed", worker.tasks_failed);
    visit("failures_in_a_row", worker.failures_in_a_row);
    visit("reason", worker.reason);
  }
};

template <>
struct Columns<Checkpoint> {
  static constexpr char kTable[] = "checkpoints";
  static constexpr char kKey[] = "job, step";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& checkpoint) {
    visit("job", checkpoint.job);
    visit("step", checkpoint.step);
    VisitBlob(visit, "blob", checkpoint.blob);
    visit("create_ms", checkpoint.create_ms);
  }
};

template <>
struct Columns<Sample> {
  static constexpr char kTable[] = "samples";
  static constexpr char kKey[] = "job, step";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& sample) {
    visit("job", sample.job);
    visit("step", sample.step);
    VisitBlob(visit, "blob", sample.blob);
  }
};

template <>
struct Columns<Metric> {
  static constexpr char kTable[] = "metrics";
  static constexpr char kKey[] = "job, step";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& metric) {
    visit("job", metric.job);
    visit("step", metric.step);
    visit("figures", metric.values);
  }
};

template <>
struct Columns<Model> {
  static constexpr char kTable[] = "models";
  static constexpr char kKey[] = "name";
  template <typename Visit, typename Record>
  static void ForEach(Visit& visit, Record& model) {
    visit("name", model.name);
    visit("job", model.job);
    visit("step", model.step);
    visit("create_ms", model.create_ms);
  }
};

}  // namespace makeover
