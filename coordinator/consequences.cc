#include "coordinator/consequences.h"

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

absl::Status RetireCheckpoints(const View& view, JobId job, Edit& edit) {
  MK_ASSIGN_OR_RETURN(const std::vector<Checkpoint> checkpoints, CheckpointsAfter(view, job, edit));
  MK_ASSIGN_OR_RETURN(const std::set<uint32_t> kept, StepsToKeep(view, job, edit));
  edit.removed_checkpoints = CheckpointsToRemove(checkpoints, kept);
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

absl::StatusOr<std::set<uint32_t>> TaggedSteps(const View& view, JobId job, const Edit& edit) {
  MK_ASSIGN_OR_RETURN(const auto models, ModelsAfter(view, edit));
  std::set<uint32_t> steps;
  for (const auto& [name, model] : models) {
    if (model.job == job && model.step != 0) steps.insert(model.step);
  }
  return steps;
}

absl::StatusOr<std::set<uint32_t>> StepsToKeep(const View& view, JobId job, const Edit& edit) {
  MK_ASSIGN_OR_RETURN(std::set<uint32_t> steps, TaggedSteps(view, job, edit));
  MK_ASSIGN_OR_RETURN(const std::optional<uint32_t> best, BestStepAfter(view, job, edit));
  if (best.has_value()) steps.insert(*best);
  return steps;
}

}  // namespace makeover
