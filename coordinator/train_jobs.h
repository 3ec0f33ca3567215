#pragma once

#include "absl/status/status.h"
#include "coordinator/backend.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// Errors as jobs.proto names them.
absl::Status CreateTrainJob(const Backend& backend, const v1::CreateTrainJobRequest& request,
                            v1::CreateTrainJobResponse& response);

// Images a second that a training can be expected to reach: as this cluster's newest training
// did, else a rough figure for the devices that are there.
absl::StatusOr<double> ExpectedImagesPerSecond(const Backend& backend);

}  // namespace makeover
