// What a sweep frees of work that is done, and what it keeps.
#include <filesystem>

#include "coordinator/limits.h"
#include "tests/coordinator/trained_fixture.h"

namespace makeover {
namespace {

using grpc::StatusCode;

class SweepTest : public TrainedTest {
 protected:
  void Sweep() {
    v1::CollectGarbageRequest request;
    request.set_grace_seconds(0);
    v1::CollectGarbageResponse response;
    ASSERT_TRUE(Call(admin_, &v1::AdminService::Stub::CollectGarbage, request, &response).ok());
  }
  bool IsStored(const std::string& bytes) {
    v1::QueryBlobRequest request;
    request.set_digest(Sha256Hex(bytes));
    v1::QueryBlobResponse response;
    EXPECT_TRUE(Call(blobs_, &v1::BlobService::Stub::QueryBlob, request, &response).ok());
    return response.complete();
  }
  void EndTraining() {
    v1::ReportTaskRequest report = ReportOf("w", task_);
    report.mutable_outcome()->set_kind(v1::Outcome::SUCCEEDED);
    ASSERT_TRUE(Report(report).ok());
  }
  grpc::Status DeleteModel(const std::string& name) {
    v1::DeleteModelRequest request;
    request.set_name(name);
    google::protobuf::Empty empty;
    return Call(models_, &v1::ModelService::Stub::DeleteModel, request, &empty);
  }

  // Of the picture "in", with the model "m".
  uint32_t Convert() {
    v1::CreateConvertJobRequest request;
    request.set_model("m");
    v1::ConvertShard& shard = *request.add_shards();
    shard.set_files(1);
    *shard.mutable_blob() = Put("in");
    v1::CreateConvertJobResponse response;
    const grpc::Status status =
        Call(jobs_, &v1::JobService::Stub::CreateConvertJob, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.job().id();
  }
  void EndConversion() {
    const v1::HeartbeatResponse wanted = Beat("w");
    ASSERT_EQ(wanted.wanted_size(), 1);
    ASSERT_TRUE(wanted.wanted(0).has_convert());
    v1::ReportTaskRequest report = ReportOf("w", wanted.wanted(0));
    report.mutable_outcome()->set_kind(v1::Outcome::SUCCEEDED);
    *report.mutable_outcome()->mutable_output() = Put("out");
    *report.mutable_outcome()->mutable_manifest() = Put("manifest");
    ASSERT_TRUE(Report(report).ok());
  }
};

TEST_F(SweepTest, ADeletedModelFreesItsCheckpoints) {
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  EndTraining();
  Sweep();
  EXPECT_TRUE(IsStored("checkpoint 500"));
  ASSERT_TRUE(DeleteModel("m").ok());
  EXPECT_EQ(GetJob(job_).checkpoints_size(), 0);
  Sweep();
  EXPECT_FALSE(IsStored("checkpoint 500"));
}

TEST_F(SweepTest, ADeletedModelFreesTheCheckpointsOfItsEarlierTrainings) {
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  v1::Job job;
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, job_, &job).ok());
  Beat("w");
  ASSERT_TRUE(Ask(&v1::JobService::Stub::RetryJob, job_, &job).ok());
  task_ = Beat("w").wanted(0);
  EndTraining();
  Sweep();
  EXPECT_TRUE(IsStored("checkpoint 500"));
  ASSERT_TRUE(DeleteModel("m").ok());
  EXPECT_EQ(GetJob(job_).checkpoints_size() + GetJob(job.id()).checkpoints_size(), 0);
  Sweep();
  EXPECT_FALSE(IsStored("checkpoint 500"));
}

TEST_F(SweepTest, AConversionFreesItsPicturesAtOnceAndItsResultsLater) {
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  EndTraining();
  Convert();
  Sweep();
  EXPECT_TRUE(IsStored("in")) << "it has not ended";
  EndConversion();
  Sweep();
  EXPECT_FALSE(IsStored("in"));
  EXPECT_TRUE(IsStored("out"));
  EXPECT_TRUE(IsStored("manifest"));
  now_ += kEndedKeptMs;
  Sweep();
  EXPECT_TRUE(IsStored("out"));
  EXPECT_TRUE(IsStored("manifest"));
  now_ += 1;
  Sweep();
  EXPECT_FALSE(IsStored("out"));
  EXPECT_FALSE(IsStored("manifest"));
}

TEST_F(SweepTest, ACancelledConversionCanBeRetriedForAWhile) {
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  EndTraining();
  const uint32_t id = Convert();
  v1::Job job;
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, id, &job).ok());
  Beat("w");
  ASSERT_EQ(GetJob(id).state(), v1::Job::CANCELLED);
  ASSERT_TRUE(DeleteModel("m").ok());
  now_ += kEndedKeptMs;
  Sweep();
  EXPECT_TRUE(IsStored("in"));
  EXPECT_TRUE(IsStored("checkpoint 500"));
  ASSERT_TRUE(Ask(&v1::JobService::Stub::RetryJob, id, &job).ok());
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, job.id(), &job).ok());
  Beat("w");
  now_ += kEndedKeptMs + 1;
  Sweep();
  EXPECT_FALSE(IsStored("in"));
  EXPECT_FALSE(IsStored("checkpoint 500"));
  ExpectError(Ask(&v1::JobService::Stub::RetryJob, id, &job), StatusCode::FAILED_PRECONDITION,
              "not stored any more");
}

TEST_F(SweepTest, AStartEmptiesTheTemporaryFolder) {
  WriteText(folder_ / "tmp/1.backup", "half a copy");
  WriteText(folder_ / "tmp/2.index.tmp", "half an index");
  Restart();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tmp/1.backup"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tmp/2.index.tmp"));
}

TEST_F(SweepTest, ARetryKnowsThatOtherPicturesHaveTheName) {
  v1::Job job;
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, job_, &job).ok());
  Beat("w");
  v1::DeleteDatasetRequest remove;
  remove.set_name("faces");
  google::protobuf::Empty empty;
  ASSERT_TRUE(Call(datasets_, &v1::DatasetService::Stub::DeleteDataset, remove, &empty).ok());
  ImportAndPrepare("faces");
  ASSERT_TRUE(Ask(&v1::JobService::Stub::RetryJob, job_, &job).ok()) << "the same pictures";
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, job.id(), &job).ok());
  Beat("w");
  ASSERT_TRUE(Call(datasets_, &v1::DatasetService::Stub::DeleteDataset, remove, &empty).ok());
  v1::CreateDatasetResponse created;
  v1::Dataset dataset;
  ASSERT_TRUE(Create("faces", {"Male", "Smiling"}, &created).ok());
  for (const uint32_t shard : {0, 1}) ASSERT_TRUE(Add(ShardOf("faces", shard)).ok());
  ASSERT_TRUE(Finish("faces", 2, &dataset).ok());
  ExpectError(Ask(&v1::JobService::Stub::RetryJob, job_, &job), StatusCode::FAILED_PRECONDITION,
              "Submit a new job");
}

}  // namespace
}  // namespace makeover
