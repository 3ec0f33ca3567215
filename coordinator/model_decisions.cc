#include "coordinator/model_decisions.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "coordinator/consequences.h"
#include "coordinator/errors.h"
#include "coordinator/model_lookup.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status CheckFree(const View& view, const Model& tag) {
  MK_ASSIGN_OR_RETURN(const std::optional<Model> known, FindModel(view, tag.name));
  if (!known.has_value()) return absl::OkStatus();
  const bool same = known->job == tag.job && known->step == tag.step;
  return same ? absl::OkStatus() : errors::ModelExists(tag.name);
}

absl::Status CheckUnused(const View& view, const Model& model) {
  for (const auto& [id, job] : view.scheduler.state().jobs) {
    if (model.step == 0 && id == model.job) return errors::ModelInTraining(model.name, id);
    if (job.kind == JobKind::kConvert && job.model == model.name) {
      return errors::ModelInUse(model.name, id);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> HasOwnName(const View& view, JobId job, const Edit& edit) {
  MK_ASSIGN_OR_RETURN(const auto models, ModelsAfter(view, edit));
  for (const auto& [name, model] : models) {
    if (model.job == job && model.step == 0) return true;
  }
  return false;
}

// `edit` removes a name of the training.
absl::StatusOr<std::vector<Checkpoint>> LoseWith(const View& view, JobId job, const Edit& edit) {
  MK_ASSIGN_OR_RETURN(const std::vector<Checkpoint> checkpoints, CheckpointsAfter(view, job, edit));
  MK_ASSIGN_OR_RETURN(const bool has_own_name, HasOwnName(view, job, edit));
  if (has_own_name || view.scheduler.state().jobs.count(job) > 0) {
    MK_ASSIGN_OR_RETURN(const std::set<uint32_t> kept, StepsToKeep(view, job, edit));
    return CheckpointsToRemove(checkpoints, kept);
  }
  MK_ASSIGN_OR_RETURN(const std::set<uint32_t> tagged, TaggedSteps(view, job, edit));
  std::vector<Checkpoint> lost;
  for (const Checkpoint& checkpoint : checkpoints) {
    if (tagged.count(checkpoint.step) == 0) lost.push_back(checkpoint);
  }
  return lost;
}

// With its own name go those of the trainings that had it before and were retried.
absl::Status LoseWithOwnName(const View& view, const Model& model, Edit& edit) {
  MK_ASSIGN_OR_RETURN(const std::vector<Job> jobs,
                      view.catalog.ListJobs(0, std::numeric_limits<uint32_t>::max()));
  for (const Job& job : jobs) {
    const bool unfinished = job.state == JobState::kFailed || job.state == JobState::kCancelled;
    if (job.id == model.job || job.kind != JobKind::kTrain || job.model != model.name) continue;
    if (!unfinished) continue;
    MK_ASSIGN_OR_RETURN(const std::vector<Checkpoint> lost, LoseWith(view, job.id, edit));
    edit.removed_checkpoints.insert(edit.removed_checkpoints.end(), lost.begin(), lost.end());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Edit> DecideTag(const View& view, const v1::TagCheckpointRequest& request) {
  const absl::StatusOr<Job> job = view.catalog.GetJob(request.job());
  if (!job.ok() || job->kind != JobKind::kTrain) return errors::NoSuchJob(request.job());
  Model tag{.name = request.name(), .job = request.job(), .step = 0, .create_ms = view.now};
  const std::optional<uint32_t> step =
      request.step() == 0 ? std::nullopt : std::optional<uint32_t>(request.step());
  MK_ASSIGN_OR_RETURN(const ResolvedModel resolved, Resolve(view.catalog, tag, step));
  if (!resolved.checkpoint.has_value()) return errors::NoCheckpointYet(tag.name, tag.job);
  tag.step = resolved.checkpoint->step;
  // One that is being retired in this very round cannot be kept any more.
  for (const Checkpoint& gone : view.pending.removed_checkpoints) {
    if (gone.job == tag.job && gone.step == tag.step) {
      return errors::NoSuchStep(tag.name, tag.step, {});
    }
  }
  MK_RETURN_IF_ERROR(CheckFree(view, tag));
  Edit edit;
  edit.models.push_back(std::move(tag));
  return edit;
}

absl::StatusOr<Edit> DecideDelete(const View& view, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const std::optional<Model> model, FindModel(view, name));
  if (!model.has_value()) return NoSuchModel(view.catalog, name);
  MK_RETURN_IF_ERROR(CheckUnused(view, *model));
  Edit edit;
  edit.removed_models.push_back(name);
  MK_ASSIGN_OR_RETURN(edit.removed_checkpoints, LoseWith(view, model->job, edit));
  if (model->step == 0) MK_RETURN_IF_ERROR(LoseWithOwnName(view, *model, edit));
  return edit;
}

}  // namespace makeover
