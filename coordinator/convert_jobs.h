#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/backend.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// Errors as jobs.proto names them.
absl::Status CreateConvertJob(const Backend& backend, const v1::CreateConvertJobRequest& request,
                              v1::CreateConvertJobResponse& response);
absl::Status CreatePreviewJob(const Backend& backend, const v1::CreatePreviewJobRequest& request,
                              v1::Job& response);

}  // namespace makeover
