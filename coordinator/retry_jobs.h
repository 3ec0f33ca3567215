#pragma once

#include "absl/status/statusor.h"
#include "coordinator/backend.h"

namespace makeover {

// A HELD job goes on; a FAILED or CANCELLED one is submitted anew with its specification, a
// training from its last checkpoint, if it is still there. The edit's first job is the one that
// runs then.
// kNotFound. kFailedPrecondition: it SUCCEEDED or is under way; its dataset is gone or another
// one; what it worked on is not stored any more.
absl::StatusOr<Edit> DecideRetry(const View& view, const BlobStore& blobs, JobId id);

// Gives the id of the job that runs then. Errors as DecideRetry.
absl::StatusOr<JobId> RetryJob(const Backend& backend, JobId id);

}  // namespace makeover
