// Blobs and upkeep over gRPC; health and reflection.
#include <grpcpp/generic/generic_stub.h>

#include <filesystem>

#include "storage/catalog.h"
#include "tests/coordinator/service_fixture.h"

namespace makeover {
namespace {

using grpc::StatusCode;

class StorageTest : public ServiceTest {
 protected:
  int64_t StoredBytes(const std::string& digest) {
    v1::QueryBlobRequest request;
    request.set_digest(digest);
    v1::QueryBlobResponse response;
    EXPECT_TRUE(Call(blobs_, &v1::BlobService::Stub::QueryBlob, request, &response).ok());
    return response.complete() ? -1 : response.stored_bytes();
  }
  grpc::Status Read(const std::string& digest, int64_t offset, int64_t limit, std::string* bytes) {
    v1::ReadBlobRequest request;
    request.set_digest(digest);
    request.set_offset(offset);
    request.set_limit(limit);
    grpc::ClientContext context;
    auto reader = blobs_->ReadBlob(&context, request);
    bytes->clear();
    for (v1::ReadBlobResponse part; reader->Read(&part);) *bytes += part.data();
    return reader->Finish();
  }
  std::vector<std::string> Verify() {
    grpc::ClientContext context;
    auto reader = admin_->Verify(&context, {});
    v1::VerifyResponse response;
    while (reader->Read(&response)) {
    }
    EXPECT_TRUE(reader->Finish().ok());
    EXPECT_TRUE(response.finished());
    return {response.problems().begin(), response.problems().end()};
  }
  std::string PathOf(const std::string& digest) const {
    return folder_ / ("blobs/" + digest.substr(0, 2) + "/" + digest);
  }
};

TEST_F(StorageTest, AnUploadGoesOnWhereItBrokeOff) {
  const std::string bytes = "0123456789";
  const std::string digest = Sha256Hex(bytes);
  int64_t stored = 0;
  EXPECT_EQ(StoredBytes(digest), 0);
  ASSERT_TRUE(Write(digest, 10, 0, "0123", &stored).ok());
  EXPECT_EQ(stored, 4);
  Restart();
  EXPECT_EQ(StoredBytes(digest), 4);
  ExpectError(Write(digest, 10, 5, "56789"), StatusCode::ABORTED, "ask again what is stored");
  std::string read;
  ExpectError(Read(digest, 0, 0, &read), StatusCode::NOT_FOUND, digest);
  ASSERT_TRUE(Write(digest, 10, 2, "23456789", &stored).ok()) << "what is known is skipped";
  EXPECT_EQ(stored, 10);
  EXPECT_EQ(StoredBytes(digest), -1);
  ASSERT_TRUE(Write(digest, 10, 0, bytes).ok()) << "the same again";
  ASSERT_TRUE(Read(digest, 0, 0, &read).ok());
  EXPECT_EQ(read, bytes);
}

TEST_F(StorageTest, BytesWithAnotherDigestAreDropped) {
  const std::string digest = Sha256Hex("right");
  ExpectError(Write(digest, 5, 0, "wrong"), StatusCode::DATA_LOSS, digest);
  EXPECT_EQ(StoredBytes(digest), 0);
  EXPECT_TRUE(Write(digest, 5, 0, "right").ok());
}

TEST_F(StorageTest, UploadsThatAreRefused) {
  const std::string digest = Sha256Hex("x");
  ExpectError(Write("../../etc/passwd", 1, 0, "x"), StatusCode::INVALID_ARGUMENT, "not a SHA-256");
  ExpectError(Write(digest, -1, 0, ""), StatusCode::INVALID_ARGUMENT, "-1 bytes");
  ExpectError(Write(digest, int64_t{1} << 50, 0, "x"), StatusCode::INVALID_ARGUMENT, "Split it");
  grpc::ClientContext context;
  v1::WriteBlobResponse response;
  auto writer = blobs_->WriteBlob(&context, &response);
  writer->WritesDone();
  ExpectError(writer->Finish(), StatusCode::INVALID_ARGUMENT, "begins with a message");
}

TEST_F(StorageTest, RangesOfABlob) {
  const std::string bytes(1'500'000, 'x');
  const std::string digest = Put(bytes).digest();
  std::string read;
  struct Case {
    int64_t offset, limit;
    size_t size;
  };
  for (const Case& one : {Case{0, 0, 1'500'000},
                          {0, 1, 1},
                          {1'499'999, 0, 1},
                          {1'500'000, 0, 0},
                          {600'000, 600'000, 600'000},
                          {1'000'000, 900'000, 500'000}}) {
    ASSERT_TRUE(Read(digest, one.offset, one.limit, &read).ok());
    EXPECT_EQ(read.size(), one.size) << one.offset << " " << one.limit;
  }
  ExpectError(Read(digest, 1'500'001, 0, &read), StatusCode::OUT_OF_RANGE, "1500000 bytes");
  ExpectError(Read(digest, -1, 0, &read), StatusCode::OUT_OF_RANGE, "range within");
}

TEST_F(StorageTest, MissingBlobsAreNamed) {
  v1::FindMissingBlobsRequest request;
  request.add_digests(Put("here").digest());
  request.add_digests(Sha256Hex("not here"));
  v1::FindMissingBlobsResponse response;
  ASSERT_TRUE(Call(blobs_, &v1::BlobService::Stub::FindMissingBlobs, request, &response).ok());
  ASSERT_EQ(response.missing_size(), 1);
  EXPECT_EQ(response.missing(0), Sha256Hex("not here"));
}

TEST_F(StorageTest, VerifySeesDamageAndLoss) {
  Import("faces");
  EXPECT_EQ(Verify(), std::vector<std::string>());
  const std::string shard = Sha256Hex(std::string(kItems * kItemBytes, 'a'));
  const std::string index = GetDataset("faces").digest();
  std::filesystem::permissions(PathOf(shard), std::filesystem::perms::owner_all);
  WriteText(PathOf(shard), std::string(kItems * kItemBytes, 'b'));
  std::vector<std::string> problems = Verify();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find(shard), std::string::npos);
  std::filesystem::remove(PathOf(index));
  problems = Verify();
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_NE((problems[0] + problems[1]).find(index + " is missing"), std::string::npos);
}

TEST_F(StorageTest, ASweepSparesWhatIsReferredTo) {
  Import("faces");
  const std::string orphan = Put("nobody needs this").digest();
  v1::CollectGarbageRequest request;
  v1::CollectGarbageResponse response;
  const auto sweep = [&] {
    return Call(admin_, &v1::AdminService::Stub::CollectGarbage, request, &response);
  };
  ASSERT_TRUE(sweep().ok());
  EXPECT_EQ(response.blobs_deleted(), 0U) << "it is young";
  request.set_grace_seconds(0);
  ASSERT_TRUE(sweep().ok());
  EXPECT_EQ(response.blobs_deleted(), 1U);
  EXPECT_EQ(StoredBytes(orphan), 0);
  EXPECT_EQ(Verify(), std::vector<std::string>());
}

TEST_F(StorageTest, ABackupIsACatalog) {
  Import("faces");
  grpc::ClientContext context;
  auto reader = admin_->Backup(&context, {});
  std::string bytes;
  for (v1::BackupResponse part; reader->Read(&part);) bytes += part.data();
  ASSERT_TRUE(reader->Finish().ok());
  const TempDir folder;
  WriteText(folder / "catalog.db", bytes);
  const absl::StatusOr<std::unique_ptr<Catalog>> catalog = Catalog::Open(folder / "catalog.db");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ((*catalog)->GetDataset("faces")->items, kItems);
}

// Sends `request` to a method of which there is no stub here, and gives the first answer.
std::string CallByName(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                       const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  void* tag = nullptr;
  bool ok = false;
  const auto wait = [&] { return queue.Next(&tag, &ok) && ok; };
  call->StartCall(nullptr);
  if (!wait()) return "";
  const grpc::Slice slice(request);
  call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  if (!wait()) return "";
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  if (!wait()) return "";
  grpc::Slice joined;
  if (!answer.DumpToSingleSlice(&joined).ok()) return "";
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  return {reinterpret_cast<const char*>(joined.begin()), joined.size()};
}

TEST_F(StorageTest, HealthSaysServing) {
  EXPECT_EQ(CallByName(channel_, "/grpc.health.v1.Health/Check", ""), "\x08\x01");
}

TEST_F(StorageTest, ReflectionNamesTheServices) {
  const std::string list_services("\x3a\x00", 2);
  const std::string names = CallByName(
      channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", list_services);
  for (const char* service : {"Admin", "Agent", "Blob", "Dataset", "Job", "Model", "Worker"}) {
    EXPECT_NE(names.find("makeover.v1." + std::string(service) + "Service"), std::string::npos);
  }
}

}  // namespace
}  // namespace makeover
