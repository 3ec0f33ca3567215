// Jobs as they go over the wire, put together from the catalog and the progress board.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/backend.h"
#include "makeover/v1/jobs.pb.h"
#include "storage/records.h"

namespace makeover {

const char* StateName(JobState state);  // "QUEUED"

// For lists: without attempts, checkpoints, samples and losses. The jobs are in order of their
// ids, falling. Two queries, however many there are.
absl::StatusOr<std::vector<v1::Job>> DescribeJobs(const Backend& backend,
                                                  const std::vector<Job>& jobs);

// With everything. kNotFound.
absl::StatusOr<v1::Job> DescribeJob(const Backend& backend, JobId id);

}  // namespace makeover
