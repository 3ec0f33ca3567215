#include "storage/database.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "storage/catalog.h"
#include "storage/rows.h"
#include "storage/schema.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Open(Database::Role role = Database::Role::kWriter) {
    auto database = Database::Open(path_, role);
    EXPECT_TRUE(database.ok()) << database.status();
    return *std::move(database);
  }

  TempDir dir_;
  const std::string path_ = dir_ / "test.sqlite";
};

TEST_F(DatabaseTest, AWriterKeepsItsPromises) {
  const auto writer = Open();
  EXPECT_EQ(writer->QueryInt("PRAGMA synchronous").value(), 2);  // FULL
  EXPECT_EQ(writer->QueryInt("PRAGMA foreign_keys").value(), 1);
  EXPECT_EQ(writer->QueryInt("PRAGMA mmap_size").value(), 0);
  auto mode = writer->Prepare("PRAGMA journal_mode");
  ASSERT_TRUE(mode->Step().value());
  EXPECT_EQ(mode->Bytes(0), "wal");
}

TEST_F(DatabaseTest, AReaderCannotChangeAnything) {
  const auto writer = Open();
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (x)").ok());
  const auto reader = Open(Database::Role::kReader);
  EXPECT_TRUE(absl::IsPermissionDenied(reader->Execute("INSERT INTO t VALUES (1)")));
  EXPECT_EQ(reader->QueryInt("SELECT count(*) FROM t").value(), 0);
}

TEST_F(DatabaseTest, ATransactionRollsBackUnlessCommitted) {
  const auto writer = Open();
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (x)").ok());
  {
    const auto transaction = Transaction::Begin(writer.get(), Database::Role::kWriter);
    ASSERT_TRUE(writer->Execute("INSERT INTO t VALUES (1)").ok());
  }
  EXPECT_EQ(writer->QueryInt("SELECT count(*) FROM t").value(), 0);
  {
    auto transaction = Transaction::Begin(writer.get(), Database::Role::kWriter);
    ASSERT_TRUE(writer->Execute("INSERT INTO t VALUES (1)").ok());
    ASSERT_TRUE(transaction->Commit().ok());
  }
  EXPECT_EQ(writer->QueryInt("SELECT count(*) FROM t").value(), 1);
}

TEST_F(DatabaseTest, ErrorsHaveCodes) {
  const auto writer = Open();
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (x UNIQUE)").ok());
  ASSERT_TRUE(writer->Execute("INSERT INTO t VALUES (1)").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(writer->Execute("INSERT INTO t VALUES (1)")));
  EXPECT_TRUE(absl::IsInternal(writer->Execute("no SQL")));
  ASSERT_TRUE(writer->Execute("PRAGMA max_page_count=4").ok());
  EXPECT_TRUE(
      absl::IsResourceExhausted(writer->Execute("INSERT INTO t VALUES (randomblob(100000))")));
  EXPECT_EQ(Database::Open(dir_ / "no/such/file", Database::Role::kWriter).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(DatabaseTest, MigratesOnceAndKnowsItsVersion) {
  const auto writer = Open();
  ASSERT_TRUE(Migrate(writer.get(), path_).ok());
  ASSERT_TRUE(Migrate(writer.get(), path_).ok());
  EXPECT_EQ(writer->QueryInt("PRAGMA user_version").value(), SchemaVersion());
}

TEST_F(DatabaseTest, RefusesANewerFile) {
  ASSERT_TRUE(Open()->Execute(absl::StrCat("PRAGMA user_version=", SchemaVersion() + 1)).ok());
  const absl::Status status = Catalog::Open(path_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("newer version of makeover"));
}

TEST_F(DatabaseTest, RefusesAnotherProgramsFile) {
  ASSERT_TRUE(Open()->Execute("CREATE TABLE bookmarks (url)").ok());
  EXPECT_THAT(Catalog::Open(path_).status().message(), HasSubstr("another program"));
}

TEST_F(DatabaseTest, RefusesWhatIsNoDatabase) {
  WriteText(path_, std::string(5000, 'x'));
  const absl::Status status = Catalog::Open(path_).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("restore it from a backup"));
}

TEST_F(DatabaseTest, RefusesATruncatedOrOverwrittenFile) {
  ASSERT_TRUE(Catalog::Open(path_).ok());  // closing it puts the log into the file
  const std::string whole = ReadText(path_);
  for (const size_t bytes : {whole.size() / 2, whole.size() - 4096, size_t{100}}) {
    WriteText(path_, whole.substr(0, bytes));
    const absl::Status status = Catalog::Open(path_).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << bytes << " bytes: " << status;
  }
  std::string overwritten = whole;
  overwritten.replace(4096, 8192, std::string(8192, '\x5a'));
  WriteText(path_, overwritten);
  EXPECT_TRUE(absl::IsDataLoss(Catalog::Open(path_).status()));
  WriteText(path_, whole);
  EXPECT_TRUE(Catalog::Open(path_).ok());
}

TEST(Rows, ListsHoldAnyText) {
  const std::vector<std::string> strings{"", "a", "3:abc", std::string("\0x", 2), "\xff"};
  EXPECT_EQ(DecodeStrings(EncodeStrings(strings)), strings);
  EXPECT_THAT(DecodeStrings("1:a9:b"), ElementsAre("a"));
  EXPECT_THAT(DecodeStrings("x"), testing::IsEmpty());
}

}  // namespace
}  // namespace makeover
