#pragma once

#include "absl/status/statusor.h"
#include "coordinator/coordinator.h"
#include "makeover/v1/workers.pb.h"
#include "storage/catalog.h"

namespace makeover {

// All that a worker needs to run each of the tasks. Errors: the catalog's.
absl::StatusOr<v1::HeartbeatResponse> DescribeWanted(const Catalog& catalog,
                                                     const WantedTasks& wanted);

}  // namespace makeover
