#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/coordinator.h"
#include "storage/catalog.h"

namespace makeover {

// A model's name, resolved.
struct ResolvedModel {
  Model model;
  Job job;                               // Its training.
  std::vector<Checkpoint> checkpoints;   // All of them, in order of steps.
  std::optional<Checkpoint> checkpoint;  // That the name means now; none yet.
};

// `text`: MODEL, MODEL@STEP, MODEL@best, or empty for the newest model whose training SUCCEEDED.
// kNotFound, with the names or steps there are. kInvalidArgument: no name.
// kFailedPrecondition: @best of a training without evaluations.
absl::StatusOr<ResolvedModel> ResolveModel(const Catalog& catalog, const std::string& text);

absl::StatusOr<ResolvedModel> Resolve(const Catalog& catalog, Model model,
                                      std::optional<uint32_t> step);

// The step of the best evaluation, as the training's newest metrics name it; nothing where there
// were none. A training says it with each of its metrics from the first evaluation on.
std::optional<uint32_t> BestStepIn(const Metric& metric);
absl::StatusOr<std::optional<uint32_t>> BestStep(const Catalog& catalog, JobId job);

// kNotFound, with the names there are.
absl::Status NoSuchModel(const Catalog& catalog, const std::string& name);

// In a decision: with what was decided before in the same round. Errors: the catalog's.
absl::StatusOr<std::optional<Model>> FindModel(const View& view, const std::string& name);
// The same, and with `edit`, which is being decided: all models by name, a training's checkpoints
// in order of steps, and the step of its best evaluation.
absl::StatusOr<std::map<std::string, Model>> ModelsAfter(const View& view, const Edit& edit);
absl::StatusOr<std::vector<Checkpoint>> CheckpointsAfter(const View& view, JobId job,
                                                         const Edit& edit);
absl::StatusOr<std::optional<uint32_t>> BestStepAfter(const View& view, JobId job,
                                                      const Edit& edit);

// "NAME@STEP". REQUIRES: it has a checkpoint.
std::string NameWithStep(const ResolvedModel& model);

}  // namespace makeover
