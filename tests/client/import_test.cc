#include "client/import.h"

#include <gtest/gtest.h>

#include "tests/client/fake_coordinator.h"
#include "tests/client/temp_folder.h"

namespace makeover {
namespace {

constexpr int kItemsPerShard = 16'384;  // ShardBounds

class ImportTest : public testing::Test {
 protected:
  // More pictures than a shard holds: two shards.
  void WritePictures(int count) {
    std::filesystem::create_directories(folder_ / "in");
    for (int i = 0; i < count; ++i) {
      char name[32];
      std::snprintf(name, sizeof name, "in/%06d.jpg", i);
      std::ofstream(folder_ / name) << i;
    }
  }

  CommandResult Import() {
    const Output output(OutputForm::kTable, Terminal{}, Terminal{});
    Session session(coordinator_.address(), output, [](const char*) { return std::nullopt; });
    if (const absl::Status connected = session.Connect(); !connected.ok()) return connected;
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    ImportOptions options;
    options.name = "faces";
    options.dir = folder_ / "in";
    CommandResult result = ImportDataset(session, options);
    stdout_ = testing::internal::GetCapturedStdout();
    stderr_ = testing::internal::GetCapturedStderr();
    return result;
  }

  TempFolder folder_;
  FakeCoordinator coordinator_;
  std::string stdout_;
  std::string stderr_;
};

TEST_F(ImportTest, ABrokenImportGoesOnWithTheShardThatIsMissing) {
  WritePictures(kItemsPerShard + 10);
  coordinator_.refused_shard = 1;
  const CommandResult broken = Import();
  EXPECT_EQ(broken.status(), absl::FailedPreconditionError("Refused."));
  ASSERT_EQ(coordinator_.shards.size(), 1u);
  EXPECT_EQ(coordinator_.uploads, 2);

  coordinator_.refused_shard = -1;
  const CommandResult again = Import();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, ExitStatus::kDone);
  EXPECT_EQ(coordinator_.uploads, 2) << "its bytes were stored already";
  ASSERT_EQ(coordinator_.shards.size(), 2u);
  EXPECT_EQ(coordinator_.shards[0].items_size(), kItemsPerShard);
  EXPECT_EQ(coordinator_.shards[1].items_size(), 10);
  EXPECT_EQ(coordinator_.shards[1].items(9).name(), "016393.jpg");
  EXPECT_NE(stderr_.find("Going on with the import that was broken off: 1 shard is stored."),
            std::string::npos)
      << stderr_;
  EXPECT_EQ(stdout_, "Dataset faces: 16,394 pictures, 0 attributes, 0 B, READY.\n");

  // And once more: it is there.
  ASSERT_TRUE(Import().ok());
  EXPECT_EQ(coordinator_.uploads, 2);
  EXPECT_EQ(stdout_.rfind("Dataset faces is there already: ", 0), 0u) << stdout_;
}

TEST_F(ImportTest, AChangedFolderIsNotMixedIn) {
  WritePictures(kItemsPerShard + 10);
  coordinator_.refused_shard = 1;
  ASSERT_FALSE(Import().ok());
  coordinator_.refused_shard = -1;
  folder_.Write("in/000005.jpg", "another picture");
  const CommandResult changed = Import();
  EXPECT_EQ(changed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(changed.status().message()).rfind("The folder has changed since", 0), 0u);
  EXPECT_EQ(coordinator_.shards.size(), 1u);
}

TEST_F(ImportTest, ADatasetOfOtherPicturesIsRefused) {
  WritePictures(3);
  ASSERT_TRUE(Import().ok());
  folder_.Write("in/000001.jpg", "another picture");
  EXPECT_EQ(Import().status().code(), absl::StatusCode::kAlreadyExists);
  std::filesystem::remove(folder_ / "in/000001.jpg");
  EXPECT_EQ(Import().status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(coordinator_.shards.size(), 1u);
}

TEST_F(ImportTest, NoFolderAndNoPicture) {
  EXPECT_EQ(Import().status(), absl::NotFoundError("There is no folder " + folder_ / "in" +
                                                   ": give the path of a folder with pictures."));
  std::filesystem::create_directories(folder_ / "in");
  EXPECT_EQ(Import().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(coordinator_.dataset.name().empty()) << "nothing was begun";
}

}  // namespace
}  // namespace makeover
