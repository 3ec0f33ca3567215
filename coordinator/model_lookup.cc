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

absl::Status NoSuchModel(const Catalog& catalog, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const std::vector<Model> models, catalog.ListModels());
  std::vector<std::string> names;
  for (const Model& model : models) names.push_back(model.name);
  return errors::NoSuchModel(name, names);
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

std::string NameWithStep(const ResolvedModel& model) {
  return absl::StrCat(model.model.name, "@", model.checkpoint->step);
}

}  // namespace makeover
