#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/convert_manifest.h"
#include "client/convert_scan.h"
#include "client/session.h"

namespace makeover {

// A shard is a task: small enough that workers share the work evenly, big enough that its overhead
// does not count.
inline constexpr int kConvertShardFiles = 64;
inline constexpr size_t kConvertShardBytes = 16 << 20;

// What packing came to.
struct PackedInputs {
  std::vector<client::ConvertState::Shard> shards;  // stored by the coordinator
  std::vector<client::ManifestLine> unreadable;     // failed lines
};

// Packs pictures into tars, deterministically, and stores them. Memory: one shard.
absl::StatusOr<PackedInputs> PackAndUpload(Session& session,
                                           const std::vector<ConvertInput>& inputs);

}  // namespace makeover
