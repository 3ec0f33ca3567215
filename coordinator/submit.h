// What the creation of every kind of job shares.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/backend.h"
#include "storage/records.h"

namespace makeover {

// Submits a job once for each request_id: the same id gives the same job, without `decide`. An
// empty one is always new. `decide` gives an edit with the new job alone.
// kInvalidArgument: the request_id made a job of another kind, or is too long.
absl::StatusOr<JobId> SubmitOnce(const Backend& backend, const std::string& request_id,
                                 JobKind kind, const Decision& decide);

// The job that this request made, if it is durable. Errors as SubmitOnce.
absl::StatusOr<std::optional<Job>> FindRequested(const Catalog& catalog,
                                                 const std::string& request_id, JobKind kind);

}  // namespace makeover
