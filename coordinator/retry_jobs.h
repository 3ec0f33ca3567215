#pragma once

#include "absl/status/statusor.h"
#include "coordinator/backend.h"

namespace makeover {

// A HELD job goes on; a FAILED or CANCELLED one is submitted anew with its specification, a
// training from its last checkpoint. Gives the id of the job that runs then.
// kNotFound. kFailedPrecondition: it SUCCEEDED or is under way.
absl::StatusOr<JobId> RetryJob(const Backend& backend, JobId id);

}  // namespace makeover
