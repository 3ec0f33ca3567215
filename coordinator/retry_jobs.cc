#include "coordinator/retry_jobs.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/dataset_lookup.h"
#include "coordinator/errors.h"
#include "coordinator/job_lookup.h"
#include "coordinator/model_lookup.h"
#include "coordinator/references.h"
#include "makeover/v1/jobs.pb.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

// The same work from the beginning, without what the old job made of it.
Job CopyOf(const Job& old) {
  Job job = old;
  job.wish = JobWish::kRun;
  job.request_id.clear();
  job.after_job = 0;
  job.start_ms = 0;
  job.end_ms = 0;
  job.failure = {};
  return job;
}

absl::StatusOr<std::vector<Task>> CopyTasks(const View& view, const Job& old) {
  MK_ASSIGN_OR_RETURN(const std::vector<Task> tasks, ListTasks(view, old.id));
  std::vector<Task> copies;
  for (const Task& task : tasks) {
    Task& copy = copies.emplace_back();
    copy.input = task.input;
    copy.files = task.files;
  }
  if (old.kind != JobKind::kTrain) return copies;
  MK_ASSIGN_OR_RETURN(const auto checkpoints, CheckpointsAfter(view, old.id, {}));
  if (checkpoints.empty()) return copies;
  copies.front().step = checkpoints.back().step;
  copies.front().checkpoint = checkpoints.back().blob;
  return copies;
}

// A training's name means the new job from now on, which begins with the old one's checkpoint.
absl::Status TakeOverTraining(const View& view, const Job& old, Edit& edit) {
  const JobId id = edit.jobs.front().id;
  MK_ASSIGN_OR_RETURN(std::vector<Checkpoint> checkpoints, CheckpointsAfter(view, old.id, {}));
  MK_ASSIGN_OR_RETURN(const std::optional<uint32_t> best, BestStepAfter(view, old.id, {}));
  for (Checkpoint& checkpoint : checkpoints) {
    if (&checkpoint != &checkpoints.back() && checkpoint.step != best) continue;
    checkpoint.job = id;
    edit.checkpoints.push_back(std::move(checkpoint));
  }
  MK_ASSIGN_OR_RETURN(const std::optional<Model> model, FindModel(view, old.model));
  // Somebody else's name by now? Then the new job makes do without one.
  if (model.has_value() && model->job != old.id) return absl::OkStatus();
  Model renewed{.name = old.model, .job = id, .step = 0, .create_ms = view.now};
  if (model.has_value()) renewed.create_ms = model->create_ms;
  edit.models.push_back(std::move(renewed));
  return absl::OkStatus();
}

absl::Status TakeOverPreparation(const View& view, Edit& edit) {
  MK_ASSIGN_OR_RETURN(Dataset dataset, FindDataset(view, edit.jobs.front().dataset));
  dataset.state = DatasetState::kPreparing;
  dataset.failure = {};
  dataset.prepare_job = edit.jobs.front().id;
  edit.datasets.push_back(std::move(dataset));
  return absl::OkStatus();
}

template <typename Spec>
std::string DatasetDigestIn(const Job& job) {
  Spec spec;
  spec.ParseFromString(job.spec);
  return spec.dataset_digest();
}

// A name is not enough: the job's rows are rows of the dataset that had it then.
absl::Status CheckDataset(const View& view, const Job& job) {
  if (job.kind == JobKind::kConvert) return absl::OkStatus();
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDataset(view, job.dataset));
  switch (job.kind) {
    case JobKind::kTrain:
      return CheckSameDataset(dataset, DatasetDigestIn<v1::TrainSpec>(job));
    case JobKind::kEvaluate:
      return CheckSameDataset(dataset, DatasetDigestIn<v1::EvaluateSpec>(job));
    case JobKind::kPreview:
      return CheckSameDataset(dataset, DatasetDigestIn<v1::PreviewSpec>(job));
    default:
      return dataset.prepare_job == job.id ? absl::OkStatus()
                                           : errors::PreparedByAnother(dataset.name, job.id);
  }
}

// What is kept for a retry is not kept for ever.
absl::Status CheckStored(const BlobStore& blobs, const Job& old, const std::vector<Task>& tasks) {
  std::vector<std::string> digests = DigestsInSpec(old);
  for (const Task& task : tasks) {
    for (const BlobRef* blob : {&task.input, &task.checkpoint}) {
      if (!blob->digest.empty()) digests.push_back(blob->digest);
    }
  }
  for (const std::string& digest : digests) {
    if (!blobs.Has(digest)) return errors::TooLateToRetry(old.id);
  }
  return absl::OkStatus();
}

absl::StatusOr<Edit> SubmitAgain(const View& view, const BlobStore& blobs, const Job& old) {
  MK_RETURN_IF_ERROR(CheckDataset(view, old));
  MK_ASSIGN_OR_RETURN(std::vector<Task> tasks, CopyTasks(view, old));
  MK_RETURN_IF_ERROR(CheckStored(blobs, old, tasks));
  MK_ASSIGN_OR_RETURN(
      Edit edit, view.scheduler.SubmitJob(CopyOf(old), std::move(tasks), std::nullopt, view.now));
  if (old.kind == JobKind::kTrain) MK_RETURN_IF_ERROR(TakeOverTraining(view, old, edit));
  if (old.kind == JobKind::kPrepare) MK_RETURN_IF_ERROR(TakeOverPreparation(view, edit));
  return edit;
}

}  // namespace

absl::StatusOr<Edit> DecideRetry(const View& view, const BlobStore& blobs, JobId id) {
  if (view.scheduler.state().jobs.count(id) > 0) return view.scheduler.Retry(id, view.now);
  MK_ASSIGN_OR_RETURN(const Job old, FindJob(view, id));
  if (old.state == JobState::kSucceeded) return errors::NothingToRetry(id);
  return SubmitAgain(view, blobs, old);
}

absl::StatusOr<JobId> RetryJob(const Backend& backend, JobId id) {
  JobId runs = id;
  MK_RETURN_IF_ERROR(backend.coordinator.Run([&](const View& view) -> absl::StatusOr<Edit> {
    MK_ASSIGN_OR_RETURN(Edit edit, DecideRetry(view, backend.blobs, id));
    runs = edit.jobs.front().id;
    return edit;
  }));
  return runs;
}

}  // namespace makeover
