#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/tar.h"

namespace makeover {

// A dataset's pictures travel in tar shards, packed in order: the same folder gives the same shards
// and digests, so a broken import goes on where it stopped.

inline constexpr uint64_t kShardBytes = uint64_t{64} << 20;
inline constexpr uint32_t kShardItemsMax = 16384;

// Files [first, first + count) of a list.
struct ShardPlan {
  size_t first = 0;
  size_t count = 0;
  friend bool operator==(const ShardPlan&, const ShardPlan&) = default;
};

// Cuts a list of files of these sizes (bytes) into shards whose tars have at most `bytes_max` bytes
// and kShardItemsMax files; a file that alone is bigger is a shard of its own. Depends on nothing
// but its arguments.
std::vector<ShardPlan> PlanShards(absl::Span<const std::string> names,
                                  absl::Span<const uint64_t> sizes,
                                  uint64_t bytes_max = kShardBytes);

// A whole shard in memory.
struct PackedShard {
  std::string bytes;   // a tar
  std::string digest;  // of bytes
  std::vector<TarMember> members;
};

// Packs the files dir/name, as they are, in this order, under their names. kNotFound, kUnavailable:
// a file cannot be read; kInvalidArgument: a name is not safe in a tar or a file is over 4 GiB.
absl::StatusOr<PackedShard> PackShard(const std::string& dir, absl::Span<const std::string> names);

}  // namespace makeover
