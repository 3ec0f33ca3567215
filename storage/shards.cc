#include "storage/shards.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/file_io.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr uint64_t kFileBytesMax = 0xffffffffu;  // an item's size has 32 bits

uint64_t BytesInTar(const std::string& name, uint64_t size) {
  return TarHeader(name, 0).size() + size + TarPaddingBytes(size);
}

}  // namespace

std::vector<ShardPlan> PlanShards(absl::Span<const std::string> names,
                                  absl::Span<const uint64_t> sizes, uint64_t bytes_max) {
  std::vector<ShardPlan> plan;
  uint64_t bytes = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const uint64_t more = BytesInTar(names[i], sizes[i]);
    const bool fits = !plan.empty() && plan.back().count < kShardItemsMax &&
                      bytes + more + TarEnd().size() <= bytes_max;
    if (!fits) {
      plan.push_back(ShardPlan{i, 0});
      bytes = 0;
    }
    ++plan.back().count;
    bytes += more;
  }
  return plan;
}

absl::StatusOr<PackedShard> PackShard(const std::string& dir, absl::Span<const std::string> names) {
  PackedShard shard;
  for (const std::string& name : names) {
    if (!IsSafeTarName(name)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the file \"", name, "\" cannot be packed: its name is not usable; rename it"));
    }
    MK_ASSIGN_OR_RETURN(const std::string content, ReadFile(absl::StrCat(dir, "/", name)));
    if (content.size() > kFileBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("the file ", dir, "/", name, " is over 4 GiB; no picture is: leave it out"));
    }
    shard.bytes += TarHeader(name, content.size());
    shard.members.push_back(TarMember{name, shard.bytes.size(), content.size()});
    shard.bytes += content;
    shard.bytes.append(TarPaddingBytes(content.size()), '\0');
  }
  shard.bytes += TarEnd();
  shard.digest = Sha256Hex(shard.bytes);
  return shard;
}

}  // namespace makeover
