// Evaluations during a training, by the judge that may guide it.
#pragma once

#include <functional>
#include <optional>

#include "worker/engine/config.h"
#include "worker/engine/training.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/filters.h"

namespace makeover {

using TrainingEvaluator =
    std::function<std::optional<engine::Figures>(const engine::FaceFunction& convert)>;

// Throws UsageError where the settings ask for evaluations but options for them are missing.
void RequireEvaluable(const Arguments& arguments, const engine::TrainingRun& run);

// Finds or trains judge A and measures at most `kGuideFacesMax` held-out faces each time. An empty
// function where the settings ask for no evaluation; nothing where a signal stopped the work.
// Throws UsageError as RequireEvaluable does.
std::optional<TrainingEvaluator> MakeTrainingEvaluator(const Arguments& arguments,
                                                       const engine::TrainingRun& run,
                                                       const Surroundings& around);
inline constexpr int64_t kGuideFacesMax = 256;

}  // namespace makeover
