// What was answered survives kill -9, at any moment.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "storage/blob_store.h"
#include "storage/catalog.h"
#include "storage/file_lock.h"
#include "storage/sha256.h"
#include "tests/storage/child.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

constexpr int kPiece = 10000;
constexpr int kPieces = 50;

std::string SomeBytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

void UploadInPieces(const std::string& dir, const std::string& bytes, int report_fd) {
  auto store = BlobStore::Open(dir);
  auto upload = (*store)->BeginUpload(Sha256Hex(bytes), static_cast<int64_t>(bytes.size()));
  if (!upload.ok()) return;
  while (upload->offset() < static_cast<int64_t>(bytes.size())) {
    if (!upload
             ->Append(
                 absl::string_view(bytes).substr(static_cast<size_t>(upload->offset()), kPiece))
             .ok())
      return;
    Report(report_fd);
  }
  if (upload->Finish().ok()) Report(report_fd);
}

class KilledUpload : public testing::TestWithParam<int> {};

TEST_P(KilledUpload, GoesOnWhereItStopped) {
  TempDir dir;
  const std::string bytes = SomeBytes(kPiece * kPieces);
  const std::string digest = Sha256Hex(bytes);
  const int pieces = RunAndKill(GetParam(), [&](int fd) { UploadInPieces(dir.path(), bytes, fd); });
  ASSERT_GE(pieces, std::min(GetParam(), kPieces));
  const auto store = BlobStore::Open(dir.path());
  ASSERT_TRUE(store.ok()) << store.status();
  if (pieces > kPieces) {
    EXPECT_TRUE((*store)->Has(digest)) << "Finish had answered";
  }
  if (!(*store)->Has(digest)) {
    EXPECT_GE((*store)->StoredBytes(digest).value(), std::min(pieces, kPieces) * kPiece);
    EXPECT_TRUE(absl::IsNotFound((*store)->OpenRead(digest).status())) << "half a blob was shown";
    RunAndKill(kPieces + 2, [&](int fd) { UploadInPieces(dir.path(), bytes, fd); });
  }
  EXPECT_TRUE((*store)->Verify(digest).ok());
  EXPECT_EQ(*(*store)->ReadAll(digest), bytes);
}

INSTANTIATE_TEST_SUITE_P(Moments, KilledUpload, testing::Values(0, 1, 7, 25, 49, 50, 51));

// Job n stands for edit n: each of them is whole.
Edit NumberedEdit(uint32_t n) {
  Edit edit;
  edit.jobs.emplace_back();
  edit.jobs[0].id = n;
  edit.jobs[0].task_count = 3;
  edit.jobs[0].spec = std::string(2000, 'x');
  for (uint32_t i = 0; i < 3; ++i) {
    edit.tasks.emplace_back();
    edit.tasks[i].job = n;
    edit.tasks[i].index = i;
  }
  edit.metrics.push_back({n, 10, {{"loss", n * 0.5}}});
  return edit;
}

class KilledCommit : public testing::TestWithParam<int> {};

TEST_P(KilledCommit, KeepsWhatWasAnsweredAndNoHalves) {
  TempDir dir;
  const std::string path = dir / "catalog.sqlite";
  const int answered = RunAndKill(GetParam(), [&](int fd) {
    auto catalog = Catalog::Open(path);
    for (uint32_t n = 1; n <= 10000 && (*catalog)->Commit(NumberedEdit(n)).ok(); ++n) Report(fd);
  });
  ASSERT_GE(answered, GetParam());
  const auto catalog = Catalog::Open(path);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  const absl::StatusOr<Snapshot> snapshot = (*catalog)->Load();
  EXPECT_GE(static_cast<int>(snapshot->jobs.size()), answered);
  EXPECT_LE(static_cast<int>(snapshot->jobs.size()), answered + 1);
  EXPECT_EQ(snapshot->tasks.size(), 3 * snapshot->jobs.size());
  EXPECT_EQ(snapshot->next_job, snapshot->jobs.size() + 1);
  EXPECT_THAT(*(*catalog)->CheckIntegrity(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Moments, KilledCommit, testing::Values(0, 1, 2, 10, 77, 400));

class KilledImport : public testing::TestWithParam<int> {};

TEST_P(KilledImport, LeavesWholeShards) {
  TempDir dir;
  const std::string path = dir / "catalog.sqlite";
  const int answered = RunAndKill(GetParam(), [&](int fd) {
    auto catalog = Catalog::Open(path);
    Dataset dataset;
    dataset.name = "faces";
    const uint32_t id = *(*catalog)->CreateDataset(dataset);
    const std::vector<Item> items(500, Item{"a.jpg", 0, 512, 100, 0, -1, -1});
    for (uint32_t shard = 0; shard < 100; ++shard) {
      if (!(*catalog)->AddShard({id, shard, {Sha256Hex("x"), 4096}, 500}, items).ok()) return;
      Report(fd);
    }
  });
  const auto catalog = Catalog::Open(path);
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  const absl::StatusOr<Dataset> dataset = (*catalog)->GetDataset("faces");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_GE(static_cast<int>(dataset->shards), answered);
  EXPECT_EQ(dataset->items, dataset->shards * 500);
  EXPECT_THAT(*(*catalog)->CheckIntegrity(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Moments, KilledImport, testing::Values(1, 2, 13, 60));

TEST(KilledHolder, LeavesTheDataFolderFree) {
  TempDir dir;
  RunAndKill(1, [&](int fd) {
    const auto lock = FileLock::Acquire(dir.path());
    Report(fd);
    pause();
  });
  EXPECT_TRUE(FileLock::Acquire(dir.path()).ok());
}

}  // namespace
}  // namespace makeover
