// Datasets, jobs, models and workers over gRPC.
#include "tests/coordinator/trained_fixture.h"

namespace makeover {
namespace {

using grpc::StatusCode;

TEST_F(ServiceTest, AnImportGoesOnWhereItStopped) {
  v1::CreateDatasetResponse created;
  ASSERT_TRUE(Create("faces", {"Male", "Smiling"}, &created).ok());
  EXPECT_EQ(created.dataset().state(), v1::Dataset::IMPORTING);
  const v1::AddShardRequest shard = ShardOf("faces", 0);
  ASSERT_TRUE(Add(shard).ok());
  Restart();
  ASSERT_TRUE(Create("faces", {"Male", "Smiling"}, &created).ok());
  ASSERT_EQ(created.stored_shards_size(), 1);
  EXPECT_EQ(created.stored_shards(0).digest(), shard.blob().digest());
  EXPECT_TRUE(Add(shard).ok()) << "the same again";
  EXPECT_EQ(GetDataset("faces").items(), kItems);
  ExpectError(Add(ShardOf("faces", 2)), StatusCode::FAILED_PRECONDITION, "not the next one");
  v1::AddShardRequest missing = shard;
  missing.set_shard(1);
  missing.mutable_blob()->set_digest(Sha256Hex("never sent"));
  ExpectError(Add(missing), StatusCode::FAILED_PRECONDITION, "not stored here");
  v1::AddShardRequest outside = ShardOf("faces", 1);
  outside.mutable_items(5)->set_offset(kItems * kItemBytes - 1);
  ExpectError(Add(outside), StatusCode::INVALID_ARGUMENT, "lies outside of its shard");
  v1::Dataset dataset;
  ExpectError(Finish("faces", 2, &dataset), StatusCode::FAILED_PRECONDITION, "2 were announced");
  ASSERT_TRUE(Finish("faces", 1, &dataset).ok());
  EXPECT_EQ(dataset.state(), v1::Dataset::PREPARING);
  v1::Dataset again;
  ASSERT_TRUE(Finish("faces", 1, &again).ok());
  EXPECT_EQ(again.prepare_job(), dataset.prepare_job()) << "one preparation";
  ExpectError(Add(ShardOf("faces", 1)), StatusCode::FAILED_PRECONDITION, "has ended");
}

TEST_F(ServiceTest, DatasetsThatAreRefused) {
  v1::CreateDatasetResponse created;
  ASSERT_TRUE(Create("faces", {"Male"}, &created).ok());
  ExpectError(Create("faces", {"Young"}, &created), StatusCode::ALREADY_EXISTS,
              "Choose another name");
  ExpectError(Create("../x", {"Male"}, &created), StatusCode::INVALID_ARGUMENT, "../x");
  ExpectError(Create("twice", {"Male", "male"}, &created), StatusCode::INVALID_ARGUMENT, "male");
  v1::Dataset dataset;
  ExpectError(Finish("faces", 0, &dataset), StatusCode::FAILED_PRECONDITION, "has no pictures");
  ExpectError(Finish("face", 0, &dataset), StatusCode::NOT_FOUND, "Did you mean faces?");
}

TEST_F(ServiceTest, PicturesThatCouldNotBeDecodedAreQuarantined) {
  Import("faces");
  Register("w");
  const v1::HeartbeatResponse wanted = Beat("w");
  ASSERT_EQ(wanted.wanted_size(), 1);
  EXPECT_EQ(wanted.wanted(0).prepare().dataset().shards_size(), 1);
  v1::ReportTaskRequest report = ReportOf("w", wanted.wanted(0));
  report.mutable_outcome()->set_kind(v1::Outcome::SUCCEEDED);
  v1::Quarantined& bad = *report.mutable_outcome()->add_quarantined();
  bad.set_row(4);
  bad.set_reason("Not a JPEG.");
  ASSERT_TRUE(Report(report).ok());
  ASSERT_TRUE(Report(report).ok()) << "the answer was lost, so it is said again";
  const v1::Dataset dataset = GetDataset("faces");
  EXPECT_EQ(dataset.state(), v1::Dataset::READY);
  EXPECT_EQ(dataset.quarantined(), 1U);
  v1::ListQuarantinedRequest list;
  list.set_dataset("faces");
  v1::ListQuarantinedResponse listed;
  ASSERT_TRUE(Call(datasets_, &v1::DatasetService::Stub::ListQuarantined, list, &listed).ok());
  ASSERT_EQ(listed.pictures_size(), 1);
  EXPECT_EQ(listed.pictures(0).name(), "s0-4.jpg");
  EXPECT_EQ(listed.pictures(0).reason(), "Not a JPEG.");
  v1::CountItemsRequest count;
  count.set_filter("smiling");
  v1::CountItemsResponse counted;
  ASSERT_TRUE(Call(datasets_, &v1::DatasetService::Stub::CountItems, count, &counted).ok());
  EXPECT_EQ(counted.count(), kItems / 4 - 1U);
  count.set_filter("smilng");
  ExpectError(Call(datasets_, &v1::DatasetService::Stub::CountItems, count, &counted),
              StatusCode::INVALID_ARGUMENT, "Smiling");
}

TEST_F(ServiceTest, APreparationThatFailedLeavesNothingToTrainOn) {
  Import("faces");
  Register("w");
  v1::ReportTaskRequest report = ReportOf("w", Beat("w").wanted(0));
  report.mutable_outcome()->set_kind(v1::Outcome::FAILED);
  report.mutable_outcome()->mutable_failure()->set_class_(v1::Failure::USER);
  report.mutable_outcome()->mutable_failure()->set_message("No picture could be decoded.");
  ASSERT_TRUE(Report(report).ok());
  EXPECT_EQ(GetDataset("faces").state(), v1::Dataset::FAILED);
  v1::CreateTrainJobResponse response;
  ExpectError(Submit(Training(), &response), StatusCode::FAILED_PRECONDITION,
              "No picture could be decoded.");
}

TEST_F(ServiceTest, ADatasetInUseIsNotDeleted) {
  const v1::Dataset dataset = Import("faces");
  v1::DeleteDatasetRequest request;
  request.set_name("faces");
  google::protobuf::Empty empty;
  ExpectError(Call(datasets_, &v1::DatasetService::Stub::DeleteDataset, request, &empty),
              StatusCode::FAILED_PRECONDITION, "in use by job 1");
  v1::Job job;
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, dataset.prepare_job(), &job).ok());
  EXPECT_TRUE(Call(datasets_, &v1::DatasetService::Stub::DeleteDataset, request, &empty).ok());
  ExpectError(Call(datasets_, &v1::DatasetService::Stub::DeleteDataset, request, &empty),
              StatusCode::NOT_FOUND, "There is no dataset \"faces\"");
}

TEST_F(ServiceTest, JobsAreListedByPages) {
  ImportAndPrepare("faces");
  for (const char* model : {"a", "b", "c"}) SubmitTraining(model);
  v1::ListJobsRequest request;
  request.set_page_size(3);
  v1::ListJobsResponse page;
  ASSERT_TRUE(Call(jobs_, &v1::JobService::Stub::ListJobs, request, &page).ok());
  ASSERT_EQ(page.jobs_size(), 3);
  EXPECT_EQ(page.jobs(0).id(), 4U) << "the newest first";
  request.set_page_token(page.next_page_token());
  page.Clear();
  ASSERT_TRUE(Call(jobs_, &v1::JobService::Stub::ListJobs, request, &page).ok());
  ASSERT_EQ(page.jobs_size(), 1);
  EXPECT_EQ(page.jobs(0).id(), 1U);
  EXPECT_EQ(page.next_page_token(), "") << "the last page";
  request.set_page_token("x");
  ExpectError(Call(jobs_, &v1::JobService::Stub::ListJobs, request, &page),
              StatusCode::INVALID_ARGUMENT, "page_token");
}

TEST_F(ServiceTest, AWatchTellsTheEnd) {
  ImportAndPrepare("faces");
  const uint32_t id = SubmitTraining("m").id();
  grpc::ClientContext context;
  v1::WatchJobRequest request;
  request.set_id(id);
  auto reader = jobs_->WatchJob(&context, request);
  v1::Job job;
  ASSERT_TRUE(reader->Read(&job));
  EXPECT_EQ(job.id(), id);
  v1::Job cancelled;
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, id, &cancelled).ok());
  Beat("w");  // It runs nothing any more.
  while (reader->Read(&job)) {
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(job.state(), v1::Job::CANCELLED);
}

TEST_F(ServiceTest, WhatCannotBeAskedOfAJob) {
  const uint32_t id = Import("faces").prepare_job();
  v1::Job job;
  ExpectError(Ask(&v1::JobService::Stub::RetryJob, id, &job), StatusCode::FAILED_PRECONDITION,
              "not HELD");
  ASSERT_TRUE(Ask(&v1::JobService::Stub::PauseJob, id, &job).ok());
  EXPECT_EQ(job.state(), v1::Job::PAUSED);
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, id, &job).ok());
  EXPECT_TRUE(Ask(&v1::JobService::Stub::CancelJob, id, &job).ok()) << "asking twice";
  ExpectError(Ask(&v1::JobService::Stub::PauseJob, id, &job), StatusCode::FAILED_PRECONDITION,
              "has ended (CANCELLED)");
  ExpectError(Ask(&v1::JobService::Stub::ResumeJob, id, &job), StatusCode::FAILED_PRECONDITION,
              "has ended (CANCELLED)");
  ExpectError(Ask(&v1::JobService::Stub::CancelJob, 99, &job), StatusCode::NOT_FOUND,
              "There is no job 99");
  ASSERT_TRUE(Ask(&v1::JobService::Stub::RetryJob, id, &job).ok());
  EXPECT_EQ(job.id(), id + 1) << "terminal is final: a new one";
  EXPECT_EQ(GetDataset("faces").prepare_job(), id + 1);
  EXPECT_EQ(GetDataset("faces").state(), v1::Dataset::PREPARING);
}

TEST_F(TrainedTest, NamesMeanCheckpoints) {
  v1::Model model;
  ExpectError(Tag(0, "t", &model), StatusCode::FAILED_PRECONDITION, "has no checkpoint yet");
  for (const uint32_t step : {100, 200}) ASSERT_TRUE(ReportCheckpoint(step).ok());
  ASSERT_TRUE(Tag(100, "t", &model).ok());
  EXPECT_TRUE(Tag(100, "t", &model).ok()) << "asking twice";
  ExpectError(Tag(200, "t", &model), StatusCode::ALREADY_EXISTS, "\"t\" already");
  ExpectError(Tag(150, "u", &model), StatusCode::NOT_FOUND, "It has them at: 100, 200.");
  for (const uint32_t step : {300, 400}) ASSERT_TRUE(ReportCheckpoint(step).ok());
  ASSERT_TRUE(GetModel("m", &model).ok());
  EXPECT_EQ(model.step(), 400U);
  EXPECT_EQ((std::vector<uint32_t>{model.steps().begin(), model.steps().end()}),
            (std::vector<uint32_t>{100, 300, 400}))
      << "the newest two, and the tagged one";
  ASSERT_TRUE(GetModel("t", &model).ok());
  EXPECT_EQ(model.step(), 100U);
  ExpectError(GetModel("", &model), StatusCode::NOT_FOUND, "no finished model");
  ExpectError(GetModel("n", &model), StatusCode::NOT_FOUND, "There is no model \"n\"");
  v1::DeleteModelRequest remove;
  remove.set_name("m");
  google::protobuf::Empty empty;
  ExpectError(Call(models_, &v1::ModelService::Stub::DeleteModel, remove, &empty),
              StatusCode::FAILED_PRECONDITION, "is in training by job");
}

TEST_F(TrainedTest, TheBestCheckpointIsKeptAndNamed) {
  v1::Model model;
  ASSERT_TRUE(ReportCheckpoint(100).ok());
  ExpectError(GetModel("m@best", &model), StatusCode::FAILED_PRECONDITION, "--evaluate-every");
  ASSERT_TRUE(ReportBest(100, 100).ok());
  for (const uint32_t step : {200, 300, 400}) ASSERT_TRUE(ReportCheckpoint(step).ok());
  ASSERT_TRUE(GetModel("m@best", &model).ok());
  EXPECT_EQ(model.step(), 100U);
  EXPECT_EQ(GetJob(job_).checkpoints(0).tags(0), "best");
  ASSERT_TRUE(ReportBest(400, 400).ok());
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  ASSERT_TRUE(GetModel("m@best", &model).ok());
  EXPECT_EQ(model.step(), 400U);
  EXPECT_EQ((std::vector<uint32_t>{model.steps().begin(), model.steps().end()}),
            (std::vector<uint32_t>{400, 500}))
      << "what was the best goes";
}

TEST_F(TrainedTest, ReportsAreFencedAndNameStoredBlobs) {
  v1::ReportTaskRequest report = ReportOf("w", task_);
  v1::Sample& sample = *report.add_samples();
  sample.set_step(200);
  sample.mutable_blob()->set_digest(Sha256Hex("never sent"));
  ExpectError(Report(report), StatusCode::FAILED_PRECONDITION, "not stored here");
  EXPECT_EQ(GetJob(job_).samples_size(), 0);
  *sample.mutable_blob() = Put("a picture");
  report.mutable_lease()->set_attempt(7);
  ExpectError(Report(report), StatusCode::ABORTED, "not the current one");
  EXPECT_EQ(GetJob(job_).samples_size(), 0);
  report.mutable_lease()->set_attempt(1);
  EXPECT_TRUE(Report(report).ok());
  EXPECT_EQ(GetJob(job_).samples_size(), 1);
}

TEST_F(TrainedTest, ACancelledTrainingIsRetriedFromItsCheckpoint) {
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  v1::Job job;
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, job_, &job).ok());
  Beat("w");
  ASSERT_TRUE(Ask(&v1::JobService::Stub::RetryJob, job_, &job).ok());
  EXPECT_EQ(job.id(), job_ + 1);
  const v1::HeartbeatResponse wanted = Beat("w");
  ASSERT_EQ(wanted.wanted_size(), 1);
  EXPECT_EQ(wanted.wanted(0).train().step(), 500U);
  EXPECT_EQ(wanted.wanted(0).train().checkpoint().digest(), Sha256Hex("checkpoint 500"));
  v1::Model model;
  ASSERT_TRUE(GetModel("m", &model).ok());
  EXPECT_EQ(model.job(), job_ + 1);
}

TEST_F(TrainedTest, ConversionsNeedACheckpointAndPictures) {
  v1::CreateConvertJobRequest request;
  request.set_model("m");
  v1::CreateConvertJobResponse response;
  const auto submit = [&] {
    return Call(jobs_, &v1::JobService::Stub::CreateConvertJob, request, &response);
  };
  ExpectError(submit(), StatusCode::INVALID_ARGUMENT, "no pictures");
  v1::ConvertShard& shard = *request.add_shards();
  shard.set_files(3);
  *shard.mutable_blob() = Put("a tar");
  ExpectError(submit(), StatusCode::FAILED_PRECONDITION, "no checkpoint yet");
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  request.set_strength(1.5);
  ExpectError(submit(), StatusCode::INVALID_ARGUMENT, "--strength");
  request.set_strength(0.5);
  shard.mutable_blob()->set_digest(Sha256Hex("never sent"));
  ExpectError(submit(), StatusCode::FAILED_PRECONDITION, "not stored here");
  *shard.mutable_blob() = Put("a tar");
  ASSERT_TRUE(submit().ok());
  EXPECT_EQ(response.model(), "m@500");
}

TEST_F(TrainedTest, LogsComeOnceThoughTheyAreSentTwice) {
  v1::AppendLogRequest append;
  append.set_worker("w");
  *append.mutable_lease() = task_.lease();
  v1::AppendLogResponse done;
  const auto send = [&](int64_t offset, const std::string& data) {
    append.set_offset(offset);
    append.set_data(data);
    return Call(agent_, &v1::AgentService::Stub::AppendLog, append, &done);
  };
  ASSERT_TRUE(send(0, "one\ntwo\n").ok());
  ASSERT_TRUE(send(4, "two\nthree\n").ok());
  append.set_worker("x");
  ExpectError(send(0, "forged"), StatusCode::ABORTED, "not this worker's");
  grpc::ClientContext context;
  v1::ReadLogsRequest request;
  request.set_id(job_);
  auto reader = jobs_->ReadLogs(&context, request);
  std::string text;
  for (v1::ReadLogsResponse part; reader->Read(&part);) text += part.data();
  EXPECT_EQ(text, "one\ntwo\nthree\n");
}

TEST_F(TrainedTest, WorkersAsAPersonSeesThem) {
  v1::DrainWorkerRequest drain;
  drain.set_name("w");
  v1::Worker worker;
  ASSERT_TRUE(Call(workers_, &v1::WorkerService::Stub::DrainWorker, drain, &worker).ok());
  EXPECT_EQ(worker.state(), v1::Worker::DRAINING);
  v1::RemoveWorkerRequest remove;
  remove.set_name("w");
  google::protobuf::Empty empty;
  ExpectError(Call(workers_, &v1::WorkerService::Stub::RemoveWorker, remove, &empty),
              StatusCode::FAILED_PRECONDITION, "drain it first");
  EXPECT_EQ(Beat("w").wanted_size(), 0);
  ASSERT_TRUE(Call(workers_, &v1::WorkerService::Stub::DrainWorker, drain, &worker).ok());
  EXPECT_EQ(worker.state(), v1::Worker::DRAINED);
  v1::ResumeWorkerRequest resume;
  resume.set_name("w");
  ASSERT_TRUE(Call(workers_, &v1::WorkerService::Stub::ResumeWorker, resume, &worker).ok());
  EXPECT_EQ(worker.state(), v1::Worker::ACTIVE);
  resume.set_name("v");
  ExpectError(Call(workers_, &v1::WorkerService::Stub::ResumeWorker, resume, &worker),
              StatusCode::NOT_FOUND, "There is no worker \"v\"");
}

}  // namespace
}  // namespace makeover
