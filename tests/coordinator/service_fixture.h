#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/server.h"
#include "makeover/v1/admin.grpc.pb.h"
#include "makeover/v1/blobs.grpc.pb.h"
#include "makeover/v1/datasets.grpc.pb.h"
#include "makeover/v1/jobs.grpc.pb.h"
#include "makeover/v1/models.grpc.pb.h"
#include "makeover/v1/workers.grpc.pb.h"
#include "proto/channel.h"
#include "storage/sha256.h"
#include "tests/storage/temp_dir.h"

namespace makeover {

// A coordinator in this process, on a free port, with a folder of its own and a clock that stands;
// and what a client and a worker do to it.
class ServiceTest : public testing::Test {
 protected:
  static constexpr int kItems = 128;
  static constexpr int kItemBytes = 10;

  void SetUp() override { Start(); }

  void Start() {
    ServerOptions options;
    options.data_dir = folder_.path();
    options.listen = "127.0.0.1:0";
    options.clock = [this] { return now_.load(); };
    options.random = [this] { return ++random_; };
    options.on_fatal = [](const absl::Status& why) { ADD_FAILURE() << why; };
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(std::move(options));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = MakeChannel(server_->address());
    admin_ = v1::AdminService::NewStub(channel_);
    agent_ = v1::AgentService::NewStub(channel_);
    blobs_ = v1::BlobService::NewStub(channel_);
    datasets_ = v1::DatasetService::NewStub(channel_);
    jobs_ = v1::JobService::NewStub(channel_);
    models_ = v1::ModelService::NewStub(channel_);
    workers_ = v1::WorkerService::NewStub(channel_);
  }
  void Restart() {
    server_.reset();
    Start();
  }

  // Calls `method` of `stub`.
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(const std::unique_ptr<Stub>& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    return (stub.get()->*method)(&context, request, response);
  }

  static void ExpectError(const grpc::Status& status, grpc::StatusCode code,
                          const std::string& part) {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_NE(status.error_message().find(part), std::string::npos) << status.error_message();
  }

  grpc::Status Write(const std::string& digest, int64_t size, int64_t offset,
                     const std::string& data, int64_t* stored = nullptr) {
    grpc::ClientContext context;
    v1::WriteBlobResponse response;
    auto writer = blobs_->WriteBlob(&context, &response);
    v1::WriteBlobRequest request;
    request.mutable_blob()->set_digest(digest);
    request.mutable_blob()->set_size(size);
    request.set_offset(offset);
    request.set_data(data);
    writer->Write(request);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    if (stored != nullptr) *stored = response.stored_bytes();
    return status;
  }

  v1::Blob Put(const std::string& bytes) {
    v1::Blob blob;
    blob.set_digest(Sha256Hex(bytes));
    blob.set_size(static_cast<int64_t>(bytes.size()));
    const grpc::Status status = Write(blob.digest(), blob.size(), 0, bytes);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return blob;
  }

  grpc::Status Create(const std::string& name, const std::vector<std::string>& attributes,
                      v1::CreateDatasetResponse* response) {
    v1::CreateDatasetRequest request;
    request.set_name(name);
    for (const std::string& attribute : attributes) request.add_attributes(attribute);
    return Call(datasets_, &v1::DatasetService::Stub::CreateDataset, request, response);
  }

  // Rows alternate: even ones are male, every fourth smiles.
  v1::AddShardRequest ShardOf(const std::string& dataset, uint32_t shard) {
    v1::AddShardRequest request;
    request.set_dataset(dataset);
    request.set_shard(shard);
    *request.mutable_blob() = Put(std::string(kItems * kItemBytes, static_cast<char>('a' + shard)));
    for (int i = 0; i < kItems; ++i) {
      v1::Item& item = *request.add_items();
      item.set_name("s" + std::to_string(shard) + "-" + std::to_string(i) + ".jpg");
      item.set_offset(i * kItemBytes);
      item.set_size(kItemBytes);
      item.set_attributes((i % 2 == 0 ? 1 : 0) | (i % 4 == 0 ? 2 : 0));
      item.set_partition(0);
      item.set_identity(-1);
    }
    return request;
  }

  grpc::Status Add(const v1::AddShardRequest& request) {
    v1::AddShardResponse response;
    return Call(datasets_, &v1::DatasetService::Stub::AddShard, request, &response);
  }

  grpc::Status Finish(const std::string& name, uint32_t shards, v1::Dataset* dataset) {
    v1::FinishImportRequest request;
    request.set_dataset(name);
    request.set_shards(shards);
    return Call(datasets_, &v1::DatasetService::Stub::FinishImport, request, dataset);
  }

  // PREPARING.
  v1::Dataset Import(const std::string& name) {
    v1::CreateDatasetResponse created;
    v1::Dataset dataset;
    EXPECT_TRUE(Create(name, {"Male", "Smiling"}, &created).ok());
    EXPECT_TRUE(Add(ShardOf(name, 0)).ok());
    EXPECT_TRUE(Finish(name, 1, &dataset).ok());
    return dataset;
  }

  // PREPARING too.
  void ImportWithoutAttributes(const std::string& name) {
    v1::CreateDatasetResponse created;
    EXPECT_TRUE(Create(name, {}, &created).ok());
    v1::AddShardRequest shard = ShardOf(name, 0);
    for (v1::Item& item : *shard.mutable_items()) item.set_attributes(0);
    EXPECT_TRUE(Add(shard).ok());
    v1::Dataset dataset;
    EXPECT_TRUE(Finish(name, 1, &dataset).ok());
  }

  v1::Dataset GetDataset(const std::string& name) {
    v1::GetDatasetRequest request;
    request.set_name(name);
    v1::Dataset dataset;
    EXPECT_TRUE(Call(datasets_, &v1::DatasetService::Stub::GetDataset, request, &dataset).ok());
    return dataset;
  }

  // READY.
  void ImportAndPrepare(const std::string& name) {
    Import(name);
    Register("w");
    v1::ReportTaskRequest report = ReportOf("w", Beat("w").wanted(0));
    report.mutable_outcome()->set_kind(v1::Outcome::SUCCEEDED);
    EXPECT_TRUE(Report(report).ok());
    EXPECT_EQ(GetDataset(name).state(), v1::Dataset::READY);
  }

  static v1::CreateTrainJobRequest Training(const std::string& request_id = "") {
    v1::CreateTrainJobRequest request;
    request.set_request_id(request_id);
    request.set_filter("smiling");
    request.set_no_clean(true);
    return request;
  }

  grpc::Status Submit(const v1::CreateTrainJobRequest& request,
                      v1::CreateTrainJobResponse* response) {
    return Call(jobs_, &v1::JobService::Stub::CreateTrainJob, request, response);
  }

  v1::Job SubmitTraining(const std::string& model) {
    v1::CreateTrainJobRequest request = Training();
    request.set_model(model);
    v1::CreateTrainJobResponse response;
    const grpc::Status status = Submit(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.job();
  }

  v1::Job GetJob(uint32_t id) {
    v1::GetJobRequest request;
    request.set_id(id);
    v1::Job job;
    EXPECT_TRUE(Call(jobs_, &v1::JobService::Stub::GetJob, request, &job).ok());
    return job;
  }

  template <typename Request>
  grpc::Status Ask(grpc::Status (v1::JobService::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, v1::Job*),
                   uint32_t id, v1::Job* job) {
    Request request;
    request.set_id(id);
    return Call(jobs_, method, request, job);
  }

  void Register(const std::string& name, const v1::EngineAbilities& engine = {}) {
    v1::RegisterRequest request;
    *request.mutable_engine() = engine;
    request.set_name(name);
    request.set_identity("id-" + name);
    request.set_started(true);
    request.add_devices()->set_name("cpu");
    v1::RegisterResponse response;
    EXPECT_TRUE(Call(agent_, &v1::AgentService::Stub::Register, request, &response).ok());
    EXPECT_EQ(response.lease_ms(), 20'000U);
  }

  // Of a worker that runs nothing and knows nothing yet: answered at once.
  v1::HeartbeatResponse Beat(const std::string& name) { return Beat(HeartbeatOf(name)); }

  static v1::HeartbeatRequest HeartbeatOf(const std::string& name) {
    v1::HeartbeatRequest request;
    request.set_worker(name);
    request.set_identity("id-" + name);
    return request;
  }
  v1::HeartbeatResponse Beat(const v1::HeartbeatRequest& request) {
    v1::HeartbeatResponse response;
    EXPECT_TRUE(Call(agent_, &v1::AgentService::Stub::Heartbeat, request, &response).ok());
    return response;
  }
  // Of worker w, which runs `task`.
  void BeatWith(const v1::TaskSpec& task, const std::string& unit, double done, double total) {
    v1::HeartbeatRequest request = HeartbeatOf("w");
    v1::RunningTask& running = *request.add_running();
    *running.mutable_lease() = task.lease();
    running.mutable_progress()->set_unit(unit);
    running.mutable_progress()->set_done(done);
    running.mutable_progress()->set_total(total);
    Beat(request);
  }

  static v1::ReportTaskRequest ReportOf(const std::string& name, const v1::TaskSpec& task) {
    v1::ReportTaskRequest report;
    report.set_worker(name);
    report.set_identity("id-" + name);
    *report.mutable_lease() = task.lease();
    return report;
  }
  grpc::Status Report(const v1::ReportTaskRequest& report) {
    v1::ReportTaskResponse response;
    return Call(agent_, &v1::AgentService::Stub::ReportTask, report, &response);
  }

  TempDir folder_;
  std::atomic<TimeMs> now_ = 1'700'000'000'000;
  std::atomic<uint64_t> random_ = 0;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
  std::unique_ptr<v1::AgentService::Stub> agent_;
  std::unique_ptr<v1::BlobService::Stub> blobs_;
  std::unique_ptr<v1::DatasetService::Stub> datasets_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::ModelService::Stub> models_;
  std::unique_ptr<v1::WorkerService::Stub> workers_;
};

}  // namespace makeover
