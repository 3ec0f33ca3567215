// Bounds that are kept to.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "coordinator/attempt_logs.h"
#include "coordinator/limits.h"
#include "coordinator/watch_hub.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

TEST(WatchHub, AdmitsSoManyFollowersAndNoMore) {
  WatchHub hub;
  std::vector<std::unique_ptr<WatchHub::Follower>> followers;
  for (int i = 0; i < kFollowersMax; ++i) {
    followers.push_back(std::make_unique<WatchHub::Follower>(hub, 1 + i % 3));
    EXPECT_TRUE(followers.back()->admitted());
  }
  EXPECT_FALSE(WatchHub::Follower(hub, 1).admitted());
  followers.pop_back();
  EXPECT_TRUE(WatchHub::Follower(hub, 1).admitted());
}

TEST(AttemptLogs, GrowToTheirBoundAndNoFurther) {
  const TempDir folder;
  AttemptLogs logs(folder.path());
  const LeaseKey lease{1, 0, 1};
  ASSERT_TRUE(logs.Append(lease, 0, "begin").ok());
  const std::string path = logs.PathsOf(1).at(0);
  std::filesystem::resize_file(path, kAttemptLogBytesMax - 3);
  EXPECT_TRUE(logs.Append(lease, kAttemptLogBytesMax - 3, "the end").ok());
  EXPECT_EQ(std::filesystem::file_size(path), static_cast<uintmax_t>(kAttemptLogBytesMax));
  EXPECT_TRUE(logs.Append(lease, kAttemptLogBytesMax, "more").ok());
  EXPECT_EQ(std::filesystem::file_size(path), static_cast<uintmax_t>(kAttemptLogBytesMax));
}

}  // namespace
}  // namespace makeover
