#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/backend.h"
#include "makeover/v1/workers.pb.h"

namespace makeover {

// All workers with what runs on them, by name.
absl::StatusOr<std::vector<v1::Worker>> DescribeWorkers(const Backend& backend);

// kNotFound, with the names there are.
absl::StatusOr<v1::Worker> DescribeWorker(const Backend& backend, const std::string& name);

}  // namespace makeover
