#include "proto/blob_transfer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <stop_token>
#include <string>
#include <vector>

#include "tests/proto/scripted_blobs.h"

namespace makeover {
namespace {

using std::chrono::milliseconds;
const std::string kDigest(64, 'd');

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

grpc::Status Away() { return {grpc::StatusCode::UNAVAILABLE, "away"}; }

class BlobTransferTest : public testing::Test {
 protected:
  TransferOptions Options() {
    TransferOptions options;
    options.deadline = std::chrono::system_clock::now() + std::chrono::minutes(5);
    options.backoff_first = milliseconds(1);
    options.backoff_max = milliseconds(2);
    options.progress = [this](int64_t done) {
      progress_.push_back(done);
      return true;
    };
    return options;
  }

  absl::Status Upload(const std::string& bytes, const TransferOptions& options) {
    const BlobReader read = [&](int64_t offset, char* data, size_t size) {
      reads_.push_back(offset);
      std::memcpy(data, bytes.data() + offset, size);
      return absl::OkStatus();
    };
    return UploadBlob(*stub_, kDigest, static_cast<int64_t>(bytes.size()), read, options);
  }

  absl::StatusOr<int64_t> Download(int64_t offset, const TransferOptions& options) {
    const BlobSink sink = [this](std::string_view data) {
      received_ += data;
      return absl::OkStatus();
    };
    return DownloadBlob(*stub_, kDigest, offset, sink, options);
  }

  ScriptedBlobs blobs_;
  LocalServer server_{blobs_};
  std::unique_ptr<v1::BlobService::Stub> stub_ = v1::BlobService::NewStub(server_.Channel());
  std::vector<int64_t> progress_;
  std::vector<int64_t> reads_;
  std::string received_;
};

TEST_F(BlobTransferTest, UploadsInChunks) {
  const std::string bytes = Bytes(2 * kTransferChunkBytes + 17);
  ASSERT_TRUE(Upload(bytes, Options()).ok());
  EXPECT_EQ(blobs_.bytes, bytes);
  const auto chunk = static_cast<int64_t>(kTransferChunkBytes);
  EXPECT_EQ(reads_, (std::vector<int64_t>{0, chunk, 2 * chunk}));
  EXPECT_EQ(progress_, (std::vector<int64_t>{chunk, 2 * chunk, 2 * chunk + 17}));
}

TEST_F(BlobTransferTest, UploadsAnEmptyBlob) {
  ASSERT_TRUE(Upload("", Options()).ok());
  EXPECT_EQ(blobs_.offsets, std::vector<int64_t>{0});
  EXPECT_TRUE(blobs_.complete);
  EXPECT_TRUE(reads_.empty());
}

TEST_F(BlobTransferTest, WhatIsStoredIsNotSentAgain) {
  blobs_.bytes = Bytes(100);
  blobs_.complete = true;
  ASSERT_TRUE(Upload(Bytes(100), Options()).ok());
  EXPECT_TRUE(blobs_.offsets.empty());
  EXPECT_EQ(progress_, std::vector<int64_t>{100});
}

TEST_F(BlobTransferTest, AnUploadGoesOnWhereItBroke) {
  const std::string bytes = Bytes(1'000'000);
  for (const int64_t at :
       {int64_t{1}, int64_t{524'287}, int64_t{524'288}, int64_t{524'289}, int64_t{999'999}}) {
    blobs_.bytes.clear();
    blobs_.complete = false;
    blobs_.offsets.clear();
    blobs_.Plan({{at, Away(), false}});
    ASSERT_TRUE(Upload(bytes, Options()).ok()) << at;
    EXPECT_EQ(blobs_.bytes, bytes) << at;
    EXPECT_EQ(blobs_.offsets, (std::vector<int64_t>{0, at}));
  }
}

TEST_F(BlobTransferTest, AnUploadSurvivesManyBreaks) {
  const std::string bytes = Bytes(10'000);
  blobs_.Plan(std::vector<ScriptedBlobs::Break>(9, {1'000, Away(), false}));
  ASSERT_TRUE(Upload(bytes, Options()).ok());
  EXPECT_EQ(blobs_.bytes, bytes);
  EXPECT_EQ(blobs_.offsets.size(), 10u);
}

TEST_F(BlobTransferTest, AnUploadThatEndsEarlyWithoutAnErrorGoesOn) {
  const std::string bytes = Bytes(10'000);
  blobs_.Plan({{4'000, grpc::Status::OK, false}});
  ASSERT_TRUE(Upload(bytes, Options()).ok());
  EXPECT_EQ(blobs_.bytes, bytes);
  EXPECT_EQ(blobs_.offsets, (std::vector<int64_t>{0, 4'000}));
}

TEST_F(BlobTransferTest, AWrongDigestIsFinal) {
  blobs_.verdict = {grpc::StatusCode::DATA_LOSS, "not this digest"};
  EXPECT_EQ(Upload(Bytes(10), Options()), absl::DataLossError("not this digest"));
  EXPECT_EQ(blobs_.offsets.size(), 1u);
}

TEST_F(BlobTransferTest, AFullDiskIsFinal) {
  blobs_.verdict = {grpc::StatusCode::RESOURCE_EXHAUSTED, "full"};
  EXPECT_EQ(Upload(Bytes(10), Options()), absl::ResourceExhaustedError("full"));
  EXPECT_EQ(blobs_.offsets.size(), 1u);
}

TEST_F(BlobTransferTest, AnErrorOfTheReaderEndsTheUpload) {
  const BlobReader bad = [](int64_t, char*, size_t) { return absl::NotFoundError("gone"); };
  EXPECT_EQ(UploadBlob(*stub_, kDigest, 10, bad, Options()), absl::NotFoundError("gone"));
  EXPECT_FALSE(blobs_.complete);
}

TEST_F(BlobTransferTest, ProgressEndsAnUpload) {
  TransferOptions options = Options();
  options.progress = [](int64_t) { return false; };
  EXPECT_TRUE(absl::IsCancelled(Upload(Bytes(3 * kTransferChunkBytes), options)));
  EXPECT_EQ(reads_, std::vector<int64_t>{0});
}

TEST_F(BlobTransferTest, ASilentServerEndsWithTheDeadline) {
  blobs_.Plan({{1, grpc::Status::OK, true}});
  TransferOptions options = Options();
  options.deadline = std::chrono::system_clock::now() + milliseconds(150);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Upload(Bytes(10), options)));
  EXPECT_FALSE(blobs_.complete);
}

TEST_F(BlobTransferTest, AfterTheDeadlineTheLastErrorIsTold) {
  blobs_.query_status = Away();
  TransferOptions options = Options();
  options.backoff_first = std::chrono::hours(1);  // the deadline comes first: no attempt more
  EXPECT_EQ(Upload(Bytes(10), options), absl::UnavailableError("away"));
  EXPECT_TRUE(blobs_.offsets.empty());
}

TEST_F(BlobTransferTest, AStopEndsTheWaitingBetweenAttempts) {
  blobs_.query_status = Away();
  std::stop_source stop;
  TransferOptions options = Options();
  options.deadline = std::chrono::system_clock::now() + std::chrono::hours(48);
  options.backoff_first = std::chrono::hours(24);
  options.stop = stop.get_token();
  options.progress = [&stop](int64_t) {
    stop.request_stop();  // before the waiting begins
    return true;
  };
  EXPECT_TRUE(absl::IsCancelled(Upload(Bytes(10), options)));
}

TEST_F(BlobTransferTest, DownloadsWhole) {
  blobs_.bytes = Bytes(10'500);
  EXPECT_EQ(Download(0, Options()).value(), 10'500);
  EXPECT_EQ(received_, blobs_.bytes);
  ASSERT_EQ(progress_.size(), 11u);
  EXPECT_EQ(progress_.front(), 1'000);
  EXPECT_EQ(progress_.back(), 10'500);
}

TEST_F(BlobTransferTest, DownloadsFromAnOffset) {
  blobs_.bytes = Bytes(10'000);
  EXPECT_EQ(Download(9'001, Options()).value(), 10'000);
  EXPECT_EQ(received_, blobs_.bytes.substr(9'001));
}

TEST_F(BlobTransferTest, DownloadsAnEmptyBlobAndAnEmptyRest) {
  EXPECT_EQ(Download(0, Options()).value(), 0);
  blobs_.bytes = Bytes(10);
  EXPECT_EQ(Download(10, Options()).value(), 10);
  EXPECT_EQ(received_, "");
}

TEST_F(BlobTransferTest, ADownloadGoesOnBehindTheLastByteTaken) {
  blobs_.bytes = Bytes(5'000);
  for (const int64_t at : {int64_t{0}, int64_t{1}, int64_t{999}, int64_t{1'000}, int64_t{4'999}}) {
    received_.clear();
    blobs_.offsets.clear();
    blobs_.Plan({{at, Away(), false}});
    ASSERT_EQ(Download(0, Options()).value(), 5'000) << at;
    EXPECT_EQ(received_, blobs_.bytes) << at;
    EXPECT_EQ(blobs_.offsets, (std::vector<int64_t>{0, at}));
  }
}

TEST_F(BlobTransferTest, ADownloadThatEndsEarlyWithoutAnErrorGoesOn) {
  blobs_.bytes = Bytes(5'000);
  blobs_.Plan({{2'000, grpc::Status::OK, false}});
  ASSERT_EQ(Download(0, Options()).value(), 5'000);
  EXPECT_EQ(received_, blobs_.bytes);
  EXPECT_EQ(blobs_.offsets, (std::vector<int64_t>{0, 2'000}));
}

TEST_F(BlobTransferTest, MoreBytesThanTheBlobHasAreDataLoss) {
  blobs_.bytes = Bytes(10);
  blobs_.extra = "more";
  TransferOptions options = Options();
  EXPECT_EQ(Download(0, options).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(blobs_.offsets.size(), 1u);
}

TEST_F(BlobTransferTest, FinalErrorsOfADownload) {
  blobs_.bytes = Bytes(10);
  EXPECT_TRUE(absl::IsOutOfRange(Download(11, Options()).status()));
  blobs_.Plan({{0, {grpc::StatusCode::NOT_FOUND, "no such blob"}, false}});
  EXPECT_EQ(Download(0, Options()).status(), absl::NotFoundError("no such blob"));
  const BlobSink full = [](std::string_view) { return absl::ResourceExhaustedError("full"); };
  EXPECT_EQ(DownloadBlob(*stub_, kDigest, 0, full, Options()).status(),
            absl::ResourceExhaustedError("full"));
}

TEST_F(BlobTransferTest, ProgressAndDeadlineEndADownload) {
  blobs_.bytes = Bytes(5'000);
  TransferOptions options = Options();
  options.progress = [](int64_t done) { return done < 2'000; };
  EXPECT_TRUE(absl::IsCancelled(Download(0, options).status()));
  EXPECT_EQ(received_.size(), 2'000u);

  blobs_.Plan({{1'000, grpc::Status::OK, true}});
  options = Options();
  options.deadline = std::chrono::system_clock::now() + milliseconds(150);
  EXPECT_TRUE(absl::IsDeadlineExceeded(Download(0, options).status()));
}

TEST(IsTransient, WhatMaySucceedAMomentLater) {
  EXPECT_TRUE(IsTransient(absl::UnavailableError("")));
  EXPECT_TRUE(IsTransient(absl::AbortedError("")));
  EXPECT_TRUE(IsTransient(absl::UnknownError("Stream removed")));
  EXPECT_TRUE(IsTransient(absl::InternalError("Received RST_STREAM with error code 2")));
  for (const absl::Status& status :
       {absl::DataLossError(""), absl::NotFoundError(""), absl::ResourceExhaustedError(""),
        absl::CancelledError(""), absl::DeadlineExceededError(""), absl::UnknownError("other"),
        absl::FailedPreconditionError("")}) {
    EXPECT_FALSE(IsTransient(status)) << status;
  }
}

}  // namespace
}  // namespace makeover
