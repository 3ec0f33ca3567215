#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/backend.h"
#include "storage/records.h"

namespace makeover {

// Digests inside a job's specification: what it works on, beside its dataset and its tasks' inputs.
std::vector<std::string> DigestsInSpec(const Job& job);

// Sweeps blobs that nothing needs (see Catalog::LiveDigests) and that are older than
// `grace_seconds`. In the coordinator's thread, so that no record can come to name a blob while it
// is being swept.
absl::StatusOr<BlobStore::SweepResult> SweepBlobs(const Backend& backend, int64_t grace_seconds);

// What VerifyEverything has seen so far.
struct VerifyProgress {
  uint32_t blobs_done = 0;
  uint32_t blobs_total = 0;
};

// Reads the catalog and every blob; gives sentences about what is damaged or missing.
// `report` gives false to end it early (kCancelled).
absl::StatusOr<std::vector<std::string>> VerifyEverything(
    const Backend& backend, const std::function<bool(const VerifyProgress&)>& report);

}  // namespace makeover
