#include "worker/imaging/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace makeover {
namespace {

namespace fs = std::filesystem;

// What was put on disk so far in this test: "file" and "folder", in order.
std::vector<std::string>& Synced() {
  static std::vector<std::string> synced;
  return synced;
}

class AtomicFile : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = testing::TempDir() + "/atomic_" +
           testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::string Content(const std::string& name) const {
    std::ifstream file(dir_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path dir_;
};

TEST_F(AtomicFile, TheFileIsOnDiskBeforeItHasItsNameAndThenTheName) {
  Synced().clear();
  EXPECT_EQ(WriteFileAtomically(dir_ / "a", std::string("text")), "");
  EXPECT_EQ(Synced(), (std::vector<std::string>{"file", "folder"}));
}

TEST_F(AtomicFile, ReplacesWhatWasThere) {
  EXPECT_EQ(WriteFileAtomically(dir_ / "a", std::string("first, and longer")), "");
  EXPECT_EQ(WriteFileAtomically(dir_ / "a", std::string("second")), "");
  EXPECT_EQ(Content("a"), "second");
  EXPECT_FALSE(fs::exists(dir_ / "a.part"));
}

// Short content meets the full disk only when the file is closed, long content before.
TEST_F(AtomicFile, FullDiskKeepsTheOldFile) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ(WriteFileAtomically(dir_ / "a", std::string("old")), "");
  for (const size_t size : {size_t{3}, size_t{1} << 20}) {
    fs::create_symlink("/dev/full", dir_ / "a.part");
    const std::string problem = WriteFileAtomically(dir_ / "a", std::string(size, 'x'));
    ASSERT_NE(problem.find("No space left"), std::string::npos) << size << ": " << problem;
    EXPECT_NE(problem.find("free some space"), std::string::npos) << problem;
    EXPECT_EQ(Content("a"), "old");
    EXPECT_FALSE(fs::is_symlink(dir_ / "a.part"));
  }
}

TEST_F(AtomicFile, SaysWhereItCannotWrite) {
  const std::string path = dir_ / "none" / "a";
  EXPECT_EQ(WriteFileAtomically(path, std::string("x")),
            "cannot write " + path + ": No such file or directory");
}

}  // namespace
}  // namespace makeover

// Stands before the C library's.
extern "C" int fsync(int fd) {
  struct stat info = {};
  fstat(fd, &info);
  makeover::Synced().emplace_back(S_ISDIR(info.st_mode) ? "folder" : "file");
  return fdatasync(fd);
}
