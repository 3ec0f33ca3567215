#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "makeover/v1/datasets.pb.h"
#include "storage/face_folder.h"

namespace makeover {

// A finished shard: a tar of pictures as they are, its digest, and its rows.
struct BuiltShard {
  std::string tar;
  std::string digest;
  std::vector<v1::Item> items;
};

// How big a shard may become. The same bounds give the same shards, on which going on with a broken
// import depends: they are part of the format.
struct ShardBounds {
  size_t tar_bytes = 64 << 20;  // a shard is full before it would be bigger; one picture may be
  size_t items = 16'384;
  size_t name_bytes = 4 << 20;  // of all rows together
};

// Packs pictures into shards, in the order given. Equal input gives equal bytes. Not thread-safe.
class ShardBuilder {
 public:
  explicit ShardBuilder(const ShardBounds& bounds) : bounds_(bounds) {}

  // Would this picture go beyond the bounds? Then Finish first.
  bool IsFullFor(const FaceItem& item, size_t bytes) const;

  // REQUIRES: IsSafeTarName(item.file).
  void Add(const FaceItem& item, std::string_view bytes);

  bool empty() const { return shard_.items.empty(); }

  // Ends the shard and begins the next one.
  BuiltShard Finish();

 private:
  const ShardBounds bounds_;
  BuiltShard shard_;
  size_t name_bytes_ = 0;
};

}  // namespace makeover
