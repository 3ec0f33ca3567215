// Calls that follow a job until it ends.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "coordinator/backend.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// `send` gives false when nobody listens any more. kResourceExhausted: too many follow already.
// kUnavailable: the coordinator stops.
absl::Status WatchJob(const Backend& backend, JobId id,
                      const std::function<bool(const v1::Job&)>& send);
absl::Status ReadLogs(const Backend& backend, JobId id, bool follow,
                      const std::function<bool(const v1::ReadLogsResponse&)>& send,
                      const std::function<bool()>& is_cancelled);

}  // namespace makeover
