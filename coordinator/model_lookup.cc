#include "coordinator/model_lookup.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/errors.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

std::optional<Checkpoint> AtStep(const std::vector<Checkpoint>& checkpoints, uint32_t step) {
  for (const Checkpoint& checkpoint : checkpoints) {
    if (checkpoint.step == step) return checkpoint;
  }
  return std::nullopt;
}

std::vector<uint32_t> StepsOf(const std::vector<Checkpoint>& checkpoints) {
  std::vector<uint32_t> steps;
  for (const Checkpoint& checkpoint : checkpoints) steps.push_back(checkpoint.step);
  return steps;
}

absl::StatusOr<ResolvedModel> NewestFinished(const Catalog& catalog) {
  MK_ASSIGN_OR_RETURN(std::vector<Model> models, catalog.ListModels());
  for (Model& model : models) {
    if (model.step != 0) continue;
    MK_ASSIGN_OR_RETURN(ResolvedModel resolved, Resolve(catalog, std::move(model), std::nullopt));
    if (resolved.job.state == JobState::kSucceeded && resolved.checkpoint.has_value()) {
      return resolved;
    }
  }
  return errors::NoModel();
}

void ApplyTo(const Edit& edit, std::map<std::string, Model>& models) {
  for (const Model& model : edit.models) models[model.name] = model;
  for (const std::string& name : edit.removed_models) models.erase(name);
}

void ApplyTo(const Edit& edit, JobId job, std::map<uint32_t, Checkpoint>& checkpoints) {
  for (const Checkpoint& checkpoint : edit.checkpoints) {
    if (checkpoint.job == job) checkpoints[checkpoint.step] = checkpoint;
  }
  for (const Checkpoint& gone : edit.removed_checkpoints) {
    if (gone.job == job) checkpoints.erase(gone.step);
  }
}

void ApplyTo(const Edit& edit, JobId job, std::optional<uint32_t>& best) {
  for (const Metric& metric : edit.metrics) {
    if (metric.job != job) continue;
    if (const std::optional<uint32_t> step = BestStepIn(metric); step.has_value()) best = step;
  }
}

}  // namespace

absl::StatusOr<ResolvedModel> Resolve(const Catalog& catalog, Model model,
                                      std::optional<uint32_t> step) {
  ResolvedModel resolved;
  MK_ASSIGN_OR_RETURN(resolved.job, catalog.GetJob(model.job));
  MK_ASSIGN_OR_RETURN(resolved.checkpoints, catalog.ListCheckpoints(model.job));
  resolved.model = std::move(model);
  if (!step.has_value() && resolved.model.step != 0) step = resolved.model.step;
  if (!step.has_value()) {
    if (!resolved.checkpoints.empty()) resolved.checkpoint = resolved.checkpoints.back();
    return resolved;
  }
  resolved.checkpoint = AtStep(resolved.checkpoints, *step);
  if (resolved.checkpoint.has_value()) return resolved;
  return errors::NoSuchStep(resolved.model.name, *step, StepsOf(resolved.checkpoints));
}

std::optional<uint32_t> BestStepIn(const Metric& metric) {
  const auto best = metric.values.find("bestStep");
  if (best == metric.values.end() || !(best->second >= 0)) return std::nullopt;
  return static_cast<uint32_t>(best->second);
}

absl::StatusOr<std::optional<uint32_t>> BestStep(const Catalog& catalog, JobId job) {
  MK_ASSIGN_OR_RETURN(const std::optional<Metric> last, catalog.LastMetric(job));
  return last.has_value() ? BestStepIn(*last) : std::nullopt;
}

absl::StatusOr<ResolvedModel> ResolveModel(const Catalog& catalog, const std::string& text) {
  if (text.empty()) return NewestFinished(catalog);
  MK_ASSIGN_OR_RETURN(const ModelRef ref, ParseModelRef(text));
  absl::StatusOr<Model> model = catalog.GetModel(ref.name);
  if (absl::IsNotFound(model.status())) return NoSuchModel(catalog, ref.name);
  MK_RETURN_IF_ERROR(model.status());
  if (!ref.best) return Resolve(catalog, *std::move(model), ref.step);
  MK_ASSIGN_OR_RETURN(const std::optional<uint32_t> best, BestStep(catalog, model->job));
  if (!best.has_value()) return errors::NoBest(ref.name);
  return Resolve(catalog, *std::move(model), best);
}

absl::Status NoSuchModel(const Catalog& catalog, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const std::vector<Model> models, catalog.ListModels());
  std::vector<std::string> names;
  for (const Model& model : models) names.push_back(model.name);
  return errors::NoSuchModel(name, names);
}

absl::StatusOr<std::optional<Model>> FindModel(const View& view, const std::string& name) {
  const Edit& pending = view.pending;
  for (auto model = pending.models.rbegin(); model != pending.models.rend(); ++model) {
    if (model->name == name) return *model;
  }
  for (const std::string& removed : pending.removed_models) {
    if (removed == name) return std::nullopt;
  }
  absl::StatusOr<Model> model = view.catalog.GetModel(name);
  if (absl::IsNotFound(model.status())) return std::nullopt;
  return model;
}

absl::StatusOr<std::map<std::string, Model>> ModelsAfter(const View& view, const Edit& edit) {
  MK_ASSIGN_OR_RETURN(const std::vector<Model> stored, view.catalog.ListModels());
  std::map<std::string, Model> models;
  for (const Model& model : stored) models[model.name] = model;
  ApplyTo(view.pending, models);
  ApplyTo(edit, models);
  return models;
}

absl::StatusOr<std::vector<Checkpoint>> CheckpointsAfter(const View& view, JobId job,
                                                         const Edit& edit) {
  MK_ASSIGN_OR_RETURN(const std::vector<Checkpoint> stored, view.catalog.ListCheckpoints(job));
  std::map<uint32_t, Checkpoint> all;
  for (const Checkpoint& checkpoint : stored) all[checkpoint.step] = checkpoint;
  ApplyTo(view.pending, job, all);
  ApplyTo(edit, job, all);
  std::vector<Checkpoint> ordered;
  for (auto& [step, checkpoint] : all) ordered.push_back(std::move(checkpoint));
  return ordered;
}

absl::StatusOr<std::optional<uint32_t>> BestStepAfter(const View& view, JobId job,
                                                      const Edit& edit) {
  MK_ASSIGN_OR_RETURN(std::optional<uint32_t> best, BestStep(view.catalog, job));
  ApplyTo(view.pending, job, best);
  ApplyTo(edit, job, best);
  return best;
}

std::string NameWithStep(const ResolvedModel& model) {
  return absl::StrCat(model.model.name, "@", model.checkpoint->step);
}

}  // namespace makeover
