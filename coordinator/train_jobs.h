#pragma once

#include "absl/status/status.h"
#include "coordinator/backend.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// Errors as jobs.proto names them.
absl::Status CreateTrainJob(const Backend& backend, const v1::CreateTrainJobRequest& request,
                            v1::CreateTrainJobResponse& response);

}  // namespace makeover
