#pragma once

#include "absl/status/status.h"
#include "coordinator/backend.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// Errors as jobs.proto names them.
absl::Status CreateEvaluateJob(const Backend& backend, const v1::CreateEvaluateJobRequest& request,
                               v1::Job& response);

}  // namespace makeover
