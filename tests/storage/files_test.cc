#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "storage/atomic_file.h"
#include "storage/blob_store.h"
#include "storage/catalog.h"
#include "storage/file_io.h"
#include "storage/file_lock.h"
#include "storage/log.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"
#include "tests/storage/child.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

size_t FilesIn(const std::string& dir) {
  const std::filesystem::directory_iterator entries(dir);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

TEST(AtomicFile, AppearsWholeUnderItsName) {
  TempDir dir;
  WriteText(dir / "name", "old");
  auto file = AtomicFile::Create(dir / "name");
  ASSERT_TRUE(file->Append("new ").ok());
  EXPECT_EQ(ReadText(dir / "name"), "old");
  ASSERT_TRUE(file->Append("text").ok());
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(ReadText(dir / "name"), "new text");
  struct stat status {};
  ASSERT_EQ(stat((dir / "name").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  TempDir dir;
  {
    auto file = AtomicFile::Create(dir / "name");
    ASSERT_TRUE(file->Append("text").ok());
    EXPECT_EQ(FilesIn(dir.path()), 1u);
  }
  EXPECT_EQ(FilesIn(dir.path()), 0u);
}

TEST(AtomicFile, LeavesNothingWhenItsNameIsAFolder) {
  TempDir dir;
  std::filesystem::create_directory(dir / "name");
  WriteText(dir / "name/inner", "x");
  EXPECT_FALSE(WriteFileAtomically(dir / "name", "text").ok());
  EXPECT_EQ(FilesIn(dir.path()), 1u);
  EXPECT_TRUE(absl::IsNotFound(WriteFileAtomically(dir / "no/such/folder", "text")));
}

TEST(FileIo, ReadsAndMakesFolders) {
  TempDir dir;
  ASSERT_TRUE(MakeFolders(dir / "a/b/c").ok());
  EXPECT_TRUE(MakeFolders(dir / "a/b/c").ok());
  WriteText(dir / "a/file", "0123456789");
  EXPECT_EQ(ReadFile(dir / "a/file").value(), "0123456789");
  EXPECT_FALSE(MakeFolders(dir / "a/file").ok());
  EXPECT_FALSE(MakeFolders(dir / "a/file/b").ok());
  EXPECT_TRUE(absl::IsNotFound(ReadFile(dir / "none").status()));
  EXPECT_EQ(FolderOf("/a/b"), "/a");
  EXPECT_EQ(FolderOf("/a"), "/");
  EXPECT_EQ(FolderOf("a"), ".");
  EXPECT_EQ(FolderOf("a//b//"), "a");
}

TEST(FileIo, SaysWhereNoFolderCanBeMade) {
  for (const std::string dir : {"/proc/none", "/proc/none/inner"}) {
    const absl::Status made = MakeFolders(dir);
    EXPECT_TRUE(absl::IsNotFound(made)) << made;
    EXPECT_THAT(made.message(),
                HasSubstr("making the folder /proc/none failed: No such file or directory"));
  }
}

TEST(FullDisk, AWriteSaysSo) {
  const auto full = OpenFile("/dev/full", O_WRONLY);
  ASSERT_TRUE(full.ok()) << full.status();
  const absl::Status status = WriteAll(full->get(), "x", "/data/file");
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(status.message(), HasSubstr("writing /data/file failed"));
  // Whether it goes on by itself, only the caller knows.
  EXPECT_THAT(std::string(status.message()), EndsWith("free some space"));
}

// A file system of 1 MiB, where the kernel lets us make one: what fails on it must leave whole
// things behind, and go on when there is space again. Returns what did not hold, "" if all did, or
// "no mount".
std::string FillASmallDisk(const std::string& dir) {
  if (mount("tmpfs", dir.c_str(), "tmpfs", 0, "size=1m") != 0) return "no mount";
  auto catalog = Catalog::Open(dir + "/catalog.sqlite");
  auto store = BlobStore::Open(dir);
  if (!catalog.ok() || !store.ok()) return "opening";
  WriteText(dir + "/ballast", std::string(1 << 20, 'x'));  // as much of it as fits
  const std::string bytes(200000, 'y');
  const absl::Status refused = store.value()->Put(bytes).status();
  if (!absl::IsResourceExhausted(refused)) return absl::StrCat("blob: ", refused.ToString());
  Edit edit;
  edit.jobs.emplace_back();
  edit.jobs[0].id = 1;
  edit.jobs[0].task_count = 0;
  edit.jobs[0].spec = bytes;
  const absl::Status commit = (*catalog)->Commit(edit);
  if (!absl::IsResourceExhausted(commit)) return absl::StrCat("commit: ", commit.ToString());
  const absl::Status file = WriteFileAtomically(dir + "/file", bytes);
  if (!absl::IsResourceExhausted(file)) return absl::StrCat("file: ", file.ToString());
  unlink((dir + "/ballast").c_str());
  const absl::StatusOr<std::string> digest = store.value()->Put(bytes);
  if (!digest.ok() || !store.value()->Verify(*digest).ok()) return "the blob did not go on";
  if (!(*catalog)->Commit(edit).ok()) return "the catalog did not go on";
  if (!(*catalog)->CheckIntegrity()->empty()) return "integrity";
  return (*catalog)->GetJob(1)->spec == bytes ? "" : "the job is not as it was committed";
}

TEST(FullDisk, LeavesWholeThingsAndGoesOnWithSpace) {
  TempDir dir;
  WriteText(dir / "answer", "it died");
  RunAndKill(1, [&](int fd) {
    // A mount of its own, which goes away with the child.
    const bool own = unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    std::filesystem::create_directory(dir / "disk");
    WriteText(dir / "answer", own ? FillASmallDisk(dir / "disk") : "no mount");
    Report(fd);
  });
  const std::string answer = ReadText(dir / "answer");
  if (answer == "no mount") GTEST_SKIP() << "no right to mount a small file system";
  EXPECT_EQ(answer, "");
}

TEST(FileLock, ASecondHolderIsRefusedWithASentence) {
  TempDir dir;
  auto first = FileLock::Acquire(dir / "data");
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = FileLock::Acquire(dir / "data").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second));
  EXPECT_THAT(second.message(), HasSubstr(dir / "data"));
  EXPECT_THAT(second.message(), HasSubstr(absl::StrCat("process ", getpid())));
  first = absl::CancelledError();
  EXPECT_TRUE(FileLock::Acquire(dir / "data").ok());
}

// FIPS 180-4's example, and pieces of any size.
TEST(Sha256, KnownDigests) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 hash;
  for (const char c : std::string("abc")) hash.Update(std::string(1, c));
  EXPECT_EQ(hash.Finish(), Sha256Hex("abc"));
  TempDir dir;
  WriteText(dir / "file", std::string(3000000, 'a') + "b");
  EXPECT_EQ(Sha256OfFile(dir / "file").value(), Sha256Hex(std::string(3000000, 'a') + "b"));
  EXPECT_EQ(Sha256OfFile(dir / "file", 3000000).value(), Sha256Hex(std::string(3000000, 'a')));
  EXPECT_TRUE(IsDigest(Sha256Hex("")));
  EXPECT_FALSE(IsDigest(Sha256Hex("").substr(1)));
}

TEST(Log, ALineCannotBeForged) {
  EXPECT_EQ(FormatLogLine(1700000000123, "mkworker", LogLevel::kWarning, "lost\nthe line",
                          {{"job", "7"}, {"name", "a \"b\"\nINFO forged"}, {"empty", ""}}),
            "2023-11-14T22:13:20.123Z WARNING mkworker: lost\\nthe line job=7 "
            "name=\"a \\\"b\\\"\\nINFO forged\" empty=\"\"\n");
}

TEST(Log, WritesFromItsLevelOn) {
  TempDir dir;
  const auto file = OpenFile(dir / "log", O_WRONLY | O_CREAT);
  Logger log("program", LogLevel::kInfo, file->get(), [] { return int64_t{0}; });
  log.Debug("not this");
  log.Info("this", {{"key", "value"}});
  EXPECT_EQ(ReadText(dir / "log"), "1970-01-01T00:00:00.000Z INFO program: this key=value\n");
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  MK_ASSIGN_OR_RETURN(const int half, Half(n));
  MK_RETURN_IF_ERROR(Half(half).status());
  return half / 2;
}

TEST(StatusMacros, ReturnEarly) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(Quarter(5).status(), absl::InvalidArgumentError("odd"));
}

}  // namespace
}  // namespace makeover
