#pragma once

#include "absl/status/statusor.h"
#include "coordinator/backend.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// Images a second that a training can be expected to reach: as the newest of this cluster did that
// is most like it, of its recipe before of its size, by its pixels where the size is another; else
// a rough figure for the devices that are there.
absl::StatusOr<double> ExpectedImagesPerSecond(const Backend& backend, const v1::TrainSpec& spec);

// How long it would take, or how far it would come in its time.
absl::Status EstimateTraining(const Backend& backend, const v1::TrainSpec& spec,
                              v1::CreateTrainJobResponse& response);

}  // namespace makeover
