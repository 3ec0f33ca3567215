#include "coordinator/consequences.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/job_state.h"
#include "coordinator/limits.h"
#include "coordinator/model_lookup.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

Failure PrepareCancelled(const Job& job) {
  return {FailureClass::kUser, "PREPARE_CANCELLED",
          absl::StrCat("The preparation of dataset \"", job.dataset, "\" was cancelled."),
          absl::StrCat("Begin it again: mkctl jobs retry ", job.id, ".")};
}

absl::Status EndPreparation(const View& view, const Job& job, Edit& edit) {
  absl::StatusOr<Dataset> found = view.catalog.GetDataset(job.dataset);
  if (absl::IsNotFound(found.status())) return absl::OkStatus();
  MK_ASSIGN_OR_RETURN(Dataset dataset, std::move(found));
  if (dataset.prepare_job != job.id) return absl::OkStatus();
  if (job.state == JobState::kSucceeded) {
    dataset.state = DatasetState::kReady;
    dataset.failure = {};
    dataset.quarantined = static_cast<uint32_t>(edit.quarantined.size());
  } else {
    dataset.state = DatasetState::kFailed;
    dataset.failure = job.state == JobState::kCancelled ? PrepareCancelled(job) : job.failure;
  }
  edit.datasets.push_back(std::move(dataset));
  return absl::OkStatus();
}

void MergeCheckpoints(const std::vector<Checkpoint>& from, JobId job,
                      std::map<uint32_t, Checkpoint>& into) {
  for (const Checkpoint& checkpoint : from) {
    if (checkpoint.job == job) into[checkpoint.step] = checkpoint;
  }
}

void FindBest(const std::vector<Metric>& metrics, JobId job, std::optional<uint32_t>& best) {
  for (const Metric& metric : metrics) {
    if (metric.job != job) continue;
    if (const std::optional<uint32_t> step = BestStepIn(metric); step.has_value()) best = step;
  }
}

// What must stay beside the newest: tagged ones, and the best so far.
absl::StatusOr<std::set<uint32_t>> StepsToKeep(const View& view, JobId job, const Edit& edit) {
  MK_ASSIGN_OR_RETURN(std::set<uint32_t> steps, TaggedSteps(view, job));
  MK_ASSIGN_OR_RETURN(std::optional<uint32_t> best, BestStep(view.catalog, job));
  FindBest(view.pending.metrics, job, best);
  FindBest(edit.metrics, job, best);
  if (best.has_value()) steps.insert(*best);
  return steps;
}

absl::Status RetireCheckpoints(const View& view, JobId job, Edit& edit) {
  MK_ASSIGN_OR_RETURN(const std::vector<Checkpoint> stored, view.catalog.ListCheckpoints(job));
  std::map<uint32_t, Checkpoint> all;
  MergeCheckpoints(stored, job, all);
  MergeCheckpoints(view.pending.checkpoints, job, all);
  for (const Checkpoint& gone : view.pending.removed_checkpoints) {
    if (gone.job == job) all.erase(gone.step);
  }
  MergeCheckpoints(edit.checkpoints, job, all);
  std::vector<Checkpoint> ordered;
  for (auto& [step, checkpoint] : all) ordered.push_back(std::move(checkpoint));
  MK_ASSIGN_OR_RETURN(const std::set<uint32_t> kept, StepsToKeep(view, job, edit));
  edit.removed_checkpoints = CheckpointsToRemove(ordered, kept);
  return absl::OkStatus();
}

}  // namespace

absl::Status AddConsequences(const View& view, Edit& edit) {
  for (const Job& job : edit.jobs) {
    if (job.kind != JobKind::kPrepare || !IsTerminal(job.state)) continue;
    MK_RETURN_IF_ERROR(EndPreparation(view, job, edit));
  }
  if (edit.checkpoints.empty()) return absl::OkStatus();
  return RetireCheckpoints(view, edit.checkpoints.front().job, edit);
}

std::vector<Checkpoint> CheckpointsToRemove(const std::vector<Checkpoint>& checkpoints,
                                            const std::set<uint32_t>& kept) {
  std::vector<Checkpoint> gone;
  for (size_t i = 0; i + kCheckpointsKept < checkpoints.size(); ++i) {
    if (kept.count(checkpoints[i].step) == 0) gone.push_back(checkpoints[i]);
  }
  return gone;
}

absl::StatusOr<std::set<uint32_t>> TaggedSteps(const View& view, JobId job) {
  MK_ASSIGN_OR_RETURN(const std::vector<Model> models, view.catalog.ListModels());
  std::set<uint32_t> steps;
  for (const Model& model : models) {
    if (model.job == job && model.step != 0) steps.insert(model.step);
  }
  for (const Model& model : view.pending.models) {
    if (model.job == job && model.step != 0) steps.insert(model.step);
  }
  return steps;
}

}  // namespace makeover
