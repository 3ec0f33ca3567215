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

// Finds or trains judge A and measures at most `kGuideFacesMax` held-out faces each time. An empty
// function where the settings ask for no evaluation; nothing where a signal stopped the work.
// Throws UsageError where evaluations are asked for but labels or filters are missing.
std::optional<TrainingEvaluator> MakeTrainingEvaluator(const Arguments& arguments,
                                                       const engine::TrainingRun& run,
                                                       const Surroundings& around);
inline constexpr int64_t kGuideFacesMax = 256;

}  // namespace makeover
