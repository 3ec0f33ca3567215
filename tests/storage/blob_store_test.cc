#include "storage/blob_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "absl/time/clock.h"
#include "storage/sha256.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BlobStoreTest : public testing::Test {
 protected:
  BlobStoreTest() { Open(); }
  void Open() {
    auto store = BlobStore::Open(dir_ / "store");
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  BlobUpload Begin(const std::string& bytes) {
    auto upload = store_->BeginUpload(Sha256Hex(bytes), static_cast<int64_t>(bytes.size()));
    EXPECT_TRUE(upload.ok()) << upload.status();
    return *std::move(upload);
  }
  std::vector<std::string> Incoming() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_ / "store/incoming")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }
  // Makes a file look as old as its owner says.
  static void SetAge(const std::string& path, absl::Time now, absl::Duration age) {
    const timespec then = absl::ToTimespec(now - age);
    const timespec times[2] = {then, then};
    ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  TempDir dir_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(BlobStoreTest, StoresAndReads) {
  const absl::StatusOr<std::string> digest = store_->Put("hello, blob");
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, Sha256Hex("hello, blob"));
  EXPECT_TRUE(store_->Has(*digest));
  EXPECT_EQ(store_->Size(*digest).value(), 11);
  const auto reader = store_->OpenRead(*digest);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader->size(), 11);
  EXPECT_EQ(reader->Read(7, 2).value(), "bl");
  EXPECT_EQ(reader->Read(7, 100).value(), "blob");
  EXPECT_EQ(reader->Read(11, 100).value(), "");
  EXPECT_EQ(store_->Put("hello, blob").value(), *digest) << "again";
  EXPECT_THAT(*store_->List(), ElementsAre(*digest));
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(BlobStoreTest, StoresTheEmptyBlob) {
  EXPECT_TRUE(store_->Has(store_->Put("").value()));
  EXPECT_EQ(store_->ReadAll(Sha256Hex("")).value(), "");
}

TEST_F(BlobStoreTest, RefusesWhatIsNoDigest) {
  const std::string upper = "A" + Sha256Hex("x").substr(1);
  for (const std::string& name : {std::string("../../etc/passwd"), std::string(), upper}) {
    EXPECT_FALSE(store_->Has(name));
    EXPECT_TRUE(absl::IsInvalidArgument(store_->OpenRead(name).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(store_->BeginUpload(name, 1).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(store_->Delete(name)));
    EXPECT_TRUE(absl::IsInvalidArgument(store_->Touch(name)));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(store_->BeginUpload(Sha256Hex("x"), -1).status()));
}

TEST_F(BlobStoreTest, AnUploadGoesOnAfterItsEnd) {
  const std::string bytes(100000, 'b');
  const std::string digest = Sha256Hex(bytes);
  ASSERT_TRUE(Begin(bytes).Append(bytes.substr(0, 40000)).ok());
  Open();
  EXPECT_EQ(store_->StoredBytes(digest).value(), 40000);
  BlobUpload upload = Begin(bytes);
  EXPECT_EQ(upload.offset(), 40000);
  EXPECT_TRUE(absl::IsFailedPrecondition(upload.Finish()));
  ASSERT_TRUE(upload.Append(bytes.substr(40000)).ok());
  EXPECT_FALSE(store_->Has(digest)) << "seen before it was whole";
  ASSERT_TRUE(upload.Finish().ok());
  EXPECT_EQ(store_->ReadAll(digest).value(), bytes);
  EXPECT_EQ(store_->StoredBytes(digest).value(), 100000);
  EXPECT_EQ(store_->StoredBytes(Sha256Hex("never came")).value(), 0);
}

TEST_F(BlobStoreTest, WrongBytesAreDropped) {
  BlobUpload upload = Begin("right");
  ASSERT_TRUE(upload.Append("wrong").ok());
  EXPECT_TRUE(absl::IsDataLoss(upload.Finish()));
  EXPECT_FALSE(store_->Has(Sha256Hex("right")));
  EXPECT_THAT(Incoming(), IsEmpty());
  EXPECT_EQ(Begin("right").offset(), 0);
}

TEST_F(BlobStoreTest, MoreBytesThanAnnouncedAreRefused) {
  BlobUpload upload = Begin("four");
  EXPECT_TRUE(absl::IsInvalidArgument(upload.Append("five!")));
  ASSERT_TRUE(upload.Append("four").ok());
  EXPECT_TRUE(upload.Finish().ok());
}

TEST_F(BlobStoreTest, APartialFileThatIsTooLongBeginsAnew) {
  WriteText(dir_ / ("store/incoming/" + Sha256Hex("short")), "much longer than that");
  BlobUpload upload = Begin("short");
  EXPECT_EQ(upload.offset(), 0);
  ASSERT_TRUE(upload.Append("short").ok());
  EXPECT_TRUE(upload.Finish().ok());
}

TEST_F(BlobStoreTest, TwoUploadsOfOneBlobBothFinish) {
  const std::string bytes(50000, 'c');
  BlobUpload first = Begin(bytes);
  ASSERT_TRUE(first.Append(bytes.substr(0, 20000)).ok());
  BlobUpload second = Begin(bytes);
  EXPECT_EQ(second.offset(), 0);
  ASSERT_TRUE(second.Append(bytes).ok());
  ASSERT_TRUE(first.Append(bytes.substr(20000)).ok());
  EXPECT_TRUE(second.Finish().ok());
  EXPECT_TRUE(first.Finish().ok());
  EXPECT_EQ(store_->ReadAll(Sha256Hex(bytes)).value(), bytes);
  EXPECT_TRUE(absl::IsAlreadyExists(store_->BeginUpload(Sha256Hex(bytes), 50000).status()));
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(BlobStoreTest, ManyThreadsStoreTheSameBlobs) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) {
        const auto digest = store_->Put(std::string(30000, static_cast<char>('a' + n)));
        EXPECT_TRUE(digest.ok()) << digest.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> digests = *store_->List();
  EXPECT_EQ(digests.size(), 20u);
  for (const std::string& digest : digests) EXPECT_TRUE(store_->Verify(digest).ok());
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(BlobStoreTest, APrivateUploadThatBreaksOffLeavesNothing) {
  const BlobUpload first = Begin("bytes");
  { BlobUpload second = Begin("bytes"); }
  EXPECT_EQ(Incoming().size(), 1u);
  WriteText(dir_ / ("store/incoming/" + Sha256Hex("bytes") + ".private-abcdef"), "left by a kill");
  Open();
  EXPECT_EQ(Incoming().size(), 1u);
}

TEST_F(BlobStoreTest, VerifyFindsDamage) {
  const std::string digest = store_->Put("precious").value();
  EXPECT_TRUE(store_->Verify(digest).ok());
  WriteText(store_->PathOf(digest), "precioux");
  EXPECT_TRUE(absl::IsDataLoss(store_->Verify(digest)));
  ASSERT_TRUE(store_->Delete(digest).ok());
  EXPECT_TRUE(store_->Delete(digest).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->Verify(digest)));
}

TEST_F(BlobStoreTest, TakesAFileThatLiesReady) {
  WriteText(dir_ / "made", "output");
  const std::string digest = store_->TakeFile(dir_ / "made").value();
  EXPECT_EQ(store_->ReadAll(digest).value(), "output");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "made"));
  WriteText(dir_ / "made", "output");
  EXPECT_EQ(store_->TakeFile(dir_ / "made").value(), digest);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "made"));
  EXPECT_TRUE(absl::IsNotFound(store_->TakeFile(dir_ / "none").status()));
}

TEST_F(BlobStoreTest, ASweepTakesOnlyWhatIsOldAndDead) {
  const absl::Time now = absl::Now();
  const std::string live = store_->Put("live").value();
  const std::string dead = store_->Put("dead").value();
  const std::string young = store_->Put("young").value();
  const std::string touched = store_->Put("touched").value();
  for (const std::string& digest : {live, dead, touched}) {
    SetAge(store_->PathOf(digest), now, absl::Hours(48));
  }
  ASSERT_TRUE(absl::IsAlreadyExists(store_->BeginUpload(touched, 7).status()));
  WriteText(dir_ / ("store/incoming/" + Sha256Hex("broken off")), "brok");
  SetAge(dir_ / ("store/incoming/" + Sha256Hex("broken off")), now, absl::Hours(48));
  const auto result = store_->Sweep([&](const std::string& digest) { return digest == live; }, now,
                                    absl::Hours(24));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->deleted, 2u);
  EXPECT_EQ(result->bytes, 8);
  EXPECT_THAT(*store_->List(), testing::UnorderedElementsAre(live, young, touched));
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(BlobStoreTest, ASweepSparesAnUploadUnderWay) {
  BlobUpload upload = Begin("under way");
  ASSERT_TRUE(upload.Append("under").ok());
  const auto result = store_->Sweep([](const std::string&) { return false; },
                                    absl::Now() + absl::Hours(1), absl::ZeroDuration());
  EXPECT_EQ(result->deleted, 0u);
  ASSERT_TRUE(upload.Append(" way").ok());
  EXPECT_TRUE(upload.Finish().ok());
}

}  // namespace
}  // namespace makeover
