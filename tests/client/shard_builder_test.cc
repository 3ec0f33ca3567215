#include "client/shard_builder.h"

#include <gtest/gtest.h>

#include "storage/sha256.h"
#include "storage/tar.h"
#include "tests/client/temp_folder.h"

namespace makeover {
namespace {

FaceItem Item(const std::string& file, uint64_t attributes = 0) {
  FaceItem item;
  item.file = file;
  item.attributes = attributes;
  item.partition = 2;
  item.identity = 77;
  return item;
}

TEST(ShardBuilder, ATarWhoseRowsPointAtTheirBytes) {
  ShardBuilder builder{ShardBounds{}};
  EXPECT_TRUE(builder.empty());
  const std::string long_name = "folder/" + std::string(150, 'n') + ".jpg";
  builder.Add(Item("a.jpg", 5), "first");
  builder.Add(Item(long_name), std::string(512, 'x'));
  builder.Add(Item("empty.jpg"), "");
  EXPECT_FALSE(builder.empty());
  const BuiltShard shard = builder.Finish();
  EXPECT_TRUE(builder.empty());

  EXPECT_EQ(shard.digest, Sha256Hex(shard.tar));
  ASSERT_EQ(shard.items.size(), 3u);
  EXPECT_EQ(shard.items[0].attributes(), 5u);
  EXPECT_EQ(shard.items[0].partition(), 2);
  EXPECT_EQ(shard.items[0].identity(), 77);
  const TempFolder folder;
  folder.Write("shard.tar", shard.tar);
  const auto members = ReadTarIndex(folder / "shard.tar");
  ASSERT_TRUE(members.ok()) << members.message();
  ASSERT_EQ(members->size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*members)[i].name, shard.items[i].name());
    EXPECT_EQ((*members)[i].offset, static_cast<uint64_t>(shard.items[i].offset()));
    EXPECT_EQ((*members)[i].size, shard.items[i].size());
  }
  EXPECT_EQ(shard.tar.substr(static_cast<size_t>(shard.items[0].offset()), 5), "first");
}

// Going on with a broken import depends on these bytes: a change here breaks it.
TEST(ShardBuilder, TheBytesNeverChange) {
  ShardBuilder builder{ShardBounds{}};
  builder.Add(Item("000001.jpg"), "one");
  builder.Add(Item("folder/000002.jpg"), "two");
  const std::string digest = builder.Finish().digest;
  builder.Add(Item("000001.jpg", 99), "one");  // attributes are no part of the tar
  builder.Add(Item("folder/000002.jpg"), "two");
  EXPECT_EQ(builder.Finish().digest, digest);
  EXPECT_EQ(digest, "7bda4d6ac16fe6b22df012656d9421c47380cdcdbe47027497721856a5e72830");
}

TEST(ShardBuilder, EachBoundFillsAShard) {
  const FaceItem item = Item("abcd");
  ShardBuilder by_items({.items = 2});
  EXPECT_FALSE(by_items.IsFullFor(item, 1));
  by_items.Add(item, "x");
  EXPECT_FALSE(by_items.IsFullFor(item, 1));
  by_items.Add(item, "x");
  EXPECT_TRUE(by_items.IsFullFor(item, 1));
  by_items.Finish();
  EXPECT_FALSE(by_items.IsFullFor(item, 1));

  ShardBuilder by_names({.name_bytes = 8});
  by_names.Add(item, "x");
  EXPECT_FALSE(by_names.IsFullFor(item, 1));
  by_names.Add(item, "x");
  EXPECT_TRUE(by_names.IsFullFor(item, 1));

  ShardBuilder by_bytes({.tar_bytes = 10'000});
  EXPECT_FALSE(by_bytes.IsFullFor(item, 1'000'000)) << "one picture may be bigger than a shard";
  by_bytes.Add(item, std::string(5'000, 'x'));
  EXPECT_FALSE(by_bytes.IsFullFor(item, 1'000));
  EXPECT_TRUE(by_bytes.IsFullFor(item, 5'000));
}

TEST(ShardBuilder, AShardKeepsItsByteBound) {
  const ShardBounds bounds{.tar_bytes = 20'000};
  ShardBuilder builder(bounds);
  for (int i = 0; i < 200; ++i) {
    const FaceItem item = Item("picture-" + std::to_string(i) + ".jpg");
    const std::string bytes(static_cast<size_t>(i * 7 % 900), 'x');
    if (builder.IsFullFor(item, bytes.size())) {
      EXPECT_LE(builder.Finish().tar.size(), bounds.tar_bytes);
    }
    builder.Add(item, bytes);
  }
}

}  // namespace
}  // namespace makeover
