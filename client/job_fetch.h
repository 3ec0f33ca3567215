#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/session.h"

namespace makeover {

// The job that a person named by its number. INVALID_ARGUMENT: that is none; NOT_FOUND.
absl::StatusOr<v1::Job> FetchJob(Session& session, const std::string& text);

// The newest `limit` jobs, the newest first, page by page; 0: all.
absl::StatusOr<v1::ListJobsResponse> FetchJobs(Session& session, uint32_t limit);

// All metrics of a training behind a step, in order of steps, page by page. NOT_FOUND.
absl::StatusOr<v1::ListMetricsResponse> FetchMetrics(Session& session, uint32_t job,
                                                     uint32_t after_step);

}  // namespace makeover
