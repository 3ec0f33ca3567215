#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/coordinator.h"
#include "storage/catalog.h"

namespace makeover {

// kNotFound, with the names there are.
absl::StatusOr<Dataset> FindDataset(const Catalog& catalog, const std::string& name);

// In a decision: with what was decided before in the same round. kNotFound.
absl::StatusOr<Dataset> FindDataset(const View& view, const std::string& name);

// What was chosen from a dataset means rows of it by their numbers; `index_digest` says of which
// one. kFailedPrecondition: other pictures have its name by now.
absl::Status CheckSameDataset(const Dataset& dataset, const std::string& index_digest);

// An empty name means the only dataset. kFailedPrecondition: there is none. kInvalidArgument: there
// are several.
absl::StatusOr<Dataset> FindDatasetOrOnly(const Catalog& catalog, const std::string& name);

}  // namespace makeover
