// The import of a dataset: create, add shards, finish.
#pragma once

#include "absl/status/status.h"
#include "coordinator/backend.h"
#include "makeover/v1/datasets.pb.h"

namespace makeover {

// Errors as datasets.proto names them.
absl::Status CreateDataset(const Backend& backend, const v1::CreateDatasetRequest& request,
                           v1::CreateDatasetResponse& response);
absl::Status AddShard(const Backend& backend, const v1::AddShardRequest& request);
absl::Status FinishImport(const Backend& backend, const v1::FinishImportRequest& request,
                          v1::Dataset& response);

}  // namespace makeover
