// A training's settings, key=value, as a client asks for them.
#pragma once

#include "absl/status/status.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// Settings that a training has flags for, `steps`, `time_seconds`, `batch_size` and `seed`, become
// fields of the request: a training is the same, and shown and estimated as the same, however it
// was asked for. INVALID_ARGUMENT: not a number, or given by the flag too.
absl::Status AdoptSettings(v1::CreateTrainJobRequest& request);

// INVALID_ARGUMENT: too many, no key=value, a size or a window that cannot be.
absl::Status CheckSettings(const v1::CreateTrainJobRequest& request);

// Is the training to be measured while it runs?
bool AsksForEvaluations(const v1::CreateTrainJobRequest& request);

}  // namespace makeover
