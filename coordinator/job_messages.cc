#include "coordinator/job_messages.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "coordinator/errors.h"
#include "coordinator/job_state.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "coordinator/model_lookup.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using Totals = Catalog::JobTotals;

constexpr char kSteps[] = "steps";  // The engine's word for those of a training.

void SetSpec(const Job& job, v1::Job& message) {
  if (job.kind == JobKind::kTrain) message.mutable_train()->ParseFromString(job.spec);
  if (job.kind == JobKind::kConvert) message.mutable_convert()->ParseFromString(job.spec);
  if (job.kind == JobKind::kEvaluate) message.mutable_evaluate()->ParseFromString(job.spec);
}

void SetTimes(const Job& job, v1::Job& message) {
  *message.mutable_create_time() = ToProto(job.create_ms);
  if (job.start_ms != 0) *message.mutable_start_time() = ToProto(job.start_ms);
  if (job.end_ms != 0) *message.mutable_end_time() = ToProto(job.end_ms);
}

v1::Job ToMessage(const Job& job, const Totals& totals) {
  v1::Job message;
  message.set_id(job.id);
  message.set_kind(static_cast<v1::Job::Kind>(job.kind));
  message.set_state(static_cast<v1::Job::State>(job.state));
  message.set_owner(job.owner);
  message.set_priority(job.priority);
  SetTimes(job, message);
  message.set_attempts(totals.attempts);
  if (job.failure != Failure{}) *message.mutable_failure() = ToProto(job.failure);
  message.set_after_job(job.after_job);
  message.set_description(job.description);
  message.set_tasks(static_cast<uint32_t>(job.task_count));
  message.set_tasks_done(totals.tasks_done);
  message.set_pausing(job.wish == JobWish::kPause && job.state == JobState::kRunning);
  message.set_model(job.model);
  message.set_dataset(job.dataset);
  SetSpec(job, message);
  return message;
}

// What is durable, without what runs now.
v1::Progress StoredProgress(const Job& job, const v1::Job& message, const Totals& totals) {
  v1::Progress progress;
  switch (job.kind) {
    case JobKind::kTrain:
      progress.set_unit(kSteps);
      progress.set_done(totals.step);
      progress.set_total(job.state == JobState::kSucceeded ? totals.step : message.train().steps());
      break;
    case JobKind::kConvert:
      progress.set_unit("files");
      progress.set_done(totals.files_done + totals.files_failed);
      progress.set_total(totals.files);
      break;
    default:
      progress.set_unit(job.kind == JobKind::kEvaluate ? "faces" : "pictures");
      // How many there are is told while it runs, and at its end.
      progress.set_done(totals.files_done);
      progress.set_total(totals.files_done);
  }
  return progress;
}

// Pictures of a preparation are counted by the worker that runs it; steps too. What counts in
// another unit is other work that has to be done first: a judge learns in steps of its own.
void TakeOver(const TaskProgress& live, v1::Progress& progress) {
  const bool own = live.unit == progress.unit();
  progress.set_unit(live.unit);
  progress.set_done(own ? std::max(progress.done(), live.done) : live.done);
  if (live.total > 0 || !own) progress.set_total(live.total);
  progress.set_rate_per_second(live.rate_per_second);
}

void AddLive(const Job& job, const std::vector<TaskProgress>& running, v1::Progress& progress) {
  for (const TaskProgress& live : running) {
    if (live.unit.empty()) continue;
    if (job.kind == JobKind::kConvert) {
      progress.set_done(progress.done() + live.done);
      progress.set_rate_per_second(progress.rate_per_second() + live.rate_per_second);
    } else {
      if (job.kind == JobKind::kPrepare) progress.set_done(0);
      TakeOver(live, progress);
    }
  }
  if (progress.total() > 0) progress.set_done(std::min(progress.done(), progress.total()));
  if (progress.rate_per_second() <= 0) return;
  progress.set_eta_seconds((progress.total() - progress.done()) / progress.rate_per_second());
}

v1::Job Describe(const Backend& backend, const Job& job, const Totals& totals) {
  v1::Job message = ToMessage(job, totals);
  *message.mutable_progress() = StoredProgress(job, message, totals);
  if (!IsTerminal(job.state)) {
    AddLive(job, backend.board.OfJob(job.id), *message.mutable_progress());
  }
  if (job.kind == JobKind::kTrain) {
    const bool trains = message.progress().unit() == kSteps;
    message.set_step(trains ? static_cast<uint32_t>(message.progress().done()) : totals.step);
  }
  if (job.kind == JobKind::kConvert) {
    message.set_files_done(totals.files_done);
    message.set_files_failed(totals.files_failed);
    message.set_files_skipped(job.files_skipped);
  }
  return message;
}

double ValueOf(const Metric& metric, const std::string& name) {
  const auto it = metric.values.find(name);
  return it == metric.values.end() ? 0 : it->second;
}

absl::Status AddLosses(const Backend& backend, v1::Job& message) {
  MK_ASSIGN_OR_RETURN(const std::optional<Metric> last, backend.catalog.LastMetric(message.id()));
  if (!last.has_value()) return absl::OkStatus();
  v1::Losses& losses = *message.mutable_losses();
  losses.set_generator(ValueOf(*last, "generator"));
  losses.set_discriminator(ValueOf(*last, "discriminator"));
  losses.set_adversarial(ValueOf(*last, "adversarial"));
  losses.set_pixel(ValueOf(*last, "pixel"));
  return absl::OkStatus();
}

absl::Status AddCheckpoints(const Backend& backend, v1::Job& message) {
  MK_ASSIGN_OR_RETURN(const std::vector<Checkpoint> checkpoints,
                      backend.catalog.ListCheckpoints(message.id()));
  MK_ASSIGN_OR_RETURN(const std::vector<Model> models, backend.catalog.ListModels());
  MK_ASSIGN_OR_RETURN(const std::optional<uint32_t> best, BestStep(backend.catalog, message.id()));
  for (const Checkpoint& checkpoint : checkpoints) {
    v1::Checkpoint& added = *message.add_checkpoints();
    added = ToProto(checkpoint);
    if (checkpoint.step == best) added.add_tags("best");
    for (const Model& model : models) {
      if (model.job == checkpoint.job && model.step == checkpoint.step) added.add_tags(model.name);
    }
  }
  return absl::OkStatus();
}

absl::Status AddTraining(const Backend& backend, v1::Job& message) {
  MK_RETURN_IF_ERROR(AddLosses(backend, message));
  MK_RETURN_IF_ERROR(AddCheckpoints(backend, message));
  MK_ASSIGN_OR_RETURN(const std::vector<Sample> samples, backend.catalog.ListSamples(message.id()));
  for (const Sample& sample : samples) *message.add_samples() = ToProto(sample);
  return absl::OkStatus();
}

absl::Status AddAttempts(const Backend& backend, v1::Job& message) {
  MK_ASSIGN_OR_RETURN(const std::vector<Attempt> attempts,
                      backend.catalog.ListAttempts(message.id(), kAttemptsShown));
  for (const Attempt& attempt : attempts) *message.add_attempt_history() = ToProto(attempt);
  return absl::OkStatus();
}

absl::Status AddResult(const Backend& backend, v1::Job& message) {
  MK_ASSIGN_OR_RETURN(const std::vector<Task> tasks, backend.catalog.ListTasks(message.id()));
  if (!tasks.empty() && !tasks.front().output.digest.empty()) {
    *message.mutable_result() = ToProto(tasks.front().output);
  }
  if (message.kind() == v1::Job::EVALUATE && !tasks.empty() &&
      !tasks.front().manifest.digest.empty()) {
    *message.mutable_figures() = ToProto(tasks.front().manifest);
  }
  return absl::OkStatus();
}

}  // namespace

const char* StateName(JobState state) {
  switch (state) {
    case JobState::kQueued:
      return "QUEUED";
    case JobState::kRunning:
      return "RUNNING";
    case JobState::kPaused:
      return "PAUSED";
    case JobState::kCancelling:
      return "CANCELLING";
    case JobState::kSucceeded:
      return "SUCCEEDED";
    case JobState::kFailed:
      return "FAILED";
    case JobState::kCancelled:
      return "CANCELLED";
    case JobState::kHeld:
      return "HELD";
  }
  return "UNKNOWN";
}

absl::StatusOr<std::vector<v1::Job>> DescribeJobs(const Backend& backend,
                                                  const std::vector<Job>& jobs) {
  std::vector<v1::Job> messages;
  if (jobs.empty()) return messages;
  MK_ASSIGN_OR_RETURN(const auto totals,
                      backend.catalog.TotalsOfJobs(jobs.back().id, jobs.front().id));
  messages.reserve(jobs.size());
  for (const Job& job : jobs) {
    const auto sums = totals.find(job.id);
    messages.push_back(Describe(backend, job, sums == totals.end() ? Totals{} : sums->second));
  }
  return messages;
}

absl::StatusOr<v1::Job> DescribeJob(const Backend& backend, JobId id) {
  absl::StatusOr<Job> job = backend.catalog.GetJob(id);
  if (absl::IsNotFound(job.status())) return errors::NoSuchJob(id);
  MK_RETURN_IF_ERROR(job.status());
  MK_ASSIGN_OR_RETURN(const auto totals, backend.catalog.TotalsOfJobs(id, id));
  const auto sums = totals.find(id);
  v1::Job message = Describe(backend, *job, sums == totals.end() ? Totals{} : sums->second);
  MK_RETURN_IF_ERROR(AddAttempts(backend, message));
  if (job->kind == JobKind::kTrain) MK_RETURN_IF_ERROR(AddTraining(backend, message));
  if (job->kind == JobKind::kPreview || job->kind == JobKind::kEvaluate) {
    MK_RETURN_IF_ERROR(AddResult(backend, message));
  }
  return message;
}

}  // namespace makeover
