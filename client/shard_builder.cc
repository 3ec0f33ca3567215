#include "client/shard_builder.h"

#include <utility>

#include "storage/sha256.h"
#include "storage/tar.h"

namespace makeover {

bool ShardBuilder::IsFullFor(const FaceItem& item, size_t bytes) const {
  if (empty()) return false;
  return shard_.items.size() >= bounds_.items ||
         name_bytes_ + item.file.size() > bounds_.name_bytes ||
         shard_.tar.size() + bytes + 4 * kTarBlockBytes > bounds_.tar_bytes;
}

void ShardBuilder::Add(const FaceItem& item, std::string_view bytes) {
  shard_.tar += TarHeader(item.file, bytes.size());
  v1::Item& row = shard_.items.emplace_back();
  row.set_name(item.file);
  row.set_offset(static_cast<int64_t>(shard_.tar.size()));
  row.set_size(static_cast<uint32_t>(bytes.size()));
  row.set_attributes(item.attributes);
  row.set_partition(item.partition);
  row.set_identity(item.identity);
  shard_.tar += bytes;
  shard_.tar.append(TarPaddingBytes(bytes.size()), '\0');
  name_bytes_ += item.file.size();
}

BuiltShard ShardBuilder::Finish() {
  shard_.tar += TarEnd();
  shard_.digest = Sha256Hex(shard_.tar);
  name_bytes_ = 0;
  return std::exchange(shard_, {});
}

}  // namespace makeover
