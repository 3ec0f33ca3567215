#include "proto/channel.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <atomic>

#include "makeover/v1/admin.grpc.pb.h"
#include "makeover/v1/datasets.pb.h"
#include "makeover/v1/jobs.grpc.pb.h"
#include "makeover/v1/models.pb.h"
#include "makeover/v1/workers.pb.h"
#include "tests/proto/scripted_blobs.h"

namespace makeover {
namespace {

// Is away for the first calls of each method.
class ShyJobs : public v1::JobService::Service {
 public:
  explicit ShyJobs(int refusals) : refusals_(refusals) {}
  std::atomic<int> gets = 0;
  std::atomic<int> retries = 0;
  size_t description_bytes = 0;

  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest*, v1::Job* job) override {
    job->set_description(std::string(description_bytes, 'x'));
    return Answer(gets);
  }
  grpc::Status RetryJob(grpc::ServerContext*, const v1::RetryJobRequest*, v1::Job*) override {
    return Answer(retries);
  }

 private:
  grpc::Status Answer(std::atomic<int>& calls) const {
    if (calls++ < refusals_) return {grpc::StatusCode::UNAVAILABLE, "not now"};
    return grpc::Status::OK;
  }
  const int refusals_;
};

grpc::Status GetJob(const LocalServer& server) {
  grpc::ClientContext context;
  v1::Job job;
  return v1::JobService::NewStub(server.Channel())->GetJob(&context, v1::GetJobRequest(), &job);
}

TEST(Channel, TheRetriedMethodsExist) {
  // Touching a message of each file makes its descriptors known.
  v1::Status::descriptor();
  v1::Dataset::descriptor();
  v1::Model::descriptor();
  v1::Worker::descriptor();
  google::protobuf::Struct config;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(RetryServiceConfig(), &config).ok());
  const auto& method_config =
      config.fields().at("methodConfig").list_value().values(0).struct_value();
  const auto& names = method_config.fields().at("name").list_value().values();
  EXPECT_GT(names.size(), 20);
  for (const auto& name : names) {
    const auto& fields = name.struct_value().fields();
    const std::string method =
        fields.at("service").string_value() + "." + fields.at("method").string_value();
    EXPECT_NE(google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(method), nullptr)
        << method;
  }
}

TEST(Channel, WhatDoesHarmTwiceIsNotRetried) {
  const std::string config = RetryServiceConfig();
  for (const char* method : {"RetryJob", "DeleteDataset", "DeleteModel", "RemoveWorker",
                             "TagCheckpoint", "CollectGarbage", "WriteBlob", "ReadBlob"}) {
    EXPECT_EQ(config.find('"' + std::string(method) + '"'), std::string::npos) << method;
  }
}

TEST(Channel, ASafeCallIsTriedAgain) {
  ShyJobs jobs(2);
  const LocalServer server(jobs);
  EXPECT_TRUE(GetJob(server).ok());
  EXPECT_EQ(jobs.gets, 3);
}

TEST(Channel, AnotherCallFailsAtOnce) {
  ShyJobs jobs(2);
  const LocalServer server(jobs);
  grpc::ClientContext context;
  v1::Job job;
  const grpc::Status status =
      v1::JobService::NewStub(server.Channel())->RetryJob(&context, v1::RetryJobRequest(), &job);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "not now");
  EXPECT_EQ(jobs.retries, 1);
}

TEST(Channel, RetriesEnd) {
  ShyJobs jobs(1'000);
  const LocalServer server(jobs);
  EXPECT_EQ(GetJob(server).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(jobs.gets, 4);
}

TEST(Channel, FindsAServerThatCameBack) {
  ShyJobs jobs(0);
  std::string address;
  std::shared_ptr<grpc::Channel> channel;
  {
    const LocalServer first(jobs);
    address = first.address();
    channel = first.Channel();
    grpc::ClientContext context;
    v1::Job job;
    ASSERT_TRUE(v1::JobService::NewStub(channel)->GetJob(&context, {}, &job).ok());
  }
  const LocalServer second(jobs, address);
  ASSERT_TRUE(second.runs());
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(1));
  v1::Job job;
  EXPECT_TRUE(v1::JobService::NewStub(channel)->GetJob(&context, {}, &job).ok());
}

TEST(Channel, MessagesAreBounded) {
  ShyJobs jobs(0);
  const LocalServer server(jobs);
  jobs.description_bytes = kMessageBytesMax - 1'000;
  EXPECT_TRUE(GetJob(server).ok());
  jobs.description_bytes = kMessageBytesMax + 1;
  EXPECT_EQ(GetJob(server).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Channel, AProxyOfTheEnvironmentIsPassedBy) {
  ShyJobs jobs(0);
  const LocalServer server(jobs);
  setenv("http_proxy", "http://127.0.0.1:9", 1);
  const grpc::Status status = GetJob(server);
  unsetenv("http_proxy");
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(ServerLimits, ASecondServerOnTheSamePortFails) {
  ShyJobs jobs(0);
  const LocalServer first(jobs);
  ASSERT_TRUE(first.runs());
  const LocalServer second(jobs, first.address());
  EXPECT_FALSE(second.runs());
}

}  // namespace
}  // namespace makeover
