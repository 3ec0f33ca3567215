#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "storage/blob_store.h"
#include "storage/catalog.h"

namespace makeover {

// Writes a dataset's index as worker/ENGINE.md describes it and stores it as a blob; rows are
// streamed. A shard's file is named after its digest, as workers keep it. Equal rows give an equal
// index. `temporary` is a path on the store's file system. Errors: the catalog's and the store's.
absl::StatusOr<BlobRef> StoreIndex(const Catalog& catalog, BlobStore& blobs, const Dataset& dataset,
                                   const std::string& temporary);

}  // namespace makeover
