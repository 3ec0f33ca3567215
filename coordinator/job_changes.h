#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/coordinator.h"

namespace makeover {

using JobChange = absl::StatusOr<Edit> (Scheduler::*)(JobId, TimeMs) const;

// What a person asks of a job: `verb` says it for the errors ("cancelled"). One that has ended in
// `fine` already is as it was asked to be.
// kNotFound. kFailedPrecondition: it has ended otherwise; else as `change`.
absl::StatusOr<Edit> DecideChange(const View& view, JobId id, JobChange change,
                                  absl::string_view verb, std::optional<JobState> fine);

}  // namespace makeover
