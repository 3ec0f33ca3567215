// Trainings and evaluations as they are asked for, estimated and shown.
#include <thread>

#include "tests/coordinator/trained_fixture.h"

namespace makeover {
namespace {

using grpc::StatusCode;

TEST_F(ServiceTest, TrainingsThatAreRefused) {
  v1::CreateTrainJobResponse response;
  ExpectError(Submit(Training(), &response), StatusCode::FAILED_PRECONDITION, "no dataset yet");
  ImportAndPrepare("faces");
  using Request = v1::CreateTrainJobRequest;
  struct Case {
    std::function<void(Request&)> change;
    StatusCode code;
    std::string part;
  };
  const Case cases[] = {
      {[](Request& r) { r.set_dataset("face"); }, StatusCode::NOT_FOUND, "Did you mean faces?"},
      {[](Request& r) { r.set_filter("smilling"); }, StatusCode::INVALID_ARGUMENT, "Smiling"},
      {[](Request& r) { r.set_filter("male & !male"); }, StatusCode::FAILED_PRECONDITION,
       "128 on the source side and 0 on the target side"},
      {[](Request& r) { r.clear_filter(); }, StatusCode::INVALID_ARGUMENT, "not said what"},
      {[](Request& r) { r.set_preset("mtf"); }, StatusCode::INVALID_ARGUMENT, "more than one way"},
      {[](Request& r) { r.add_settings("a b=1"); }, StatusCode::INVALID_ARGUMENT, "key=value"},
      {[](Request& r) { r.add_settings("size=81x100"); }, StatusCode::INVALID_ARGUMENT,
       "multiples of 4"},
      {[](Request& r) { r.add_settings("window=99,90,80x100"); }, StatusCode::INVALID_ARGUMENT,
       "outside of the aligned frame"},
      {[](Request& r) { r.set_time_seconds(1), r.set_steps(1); }, StatusCode::INVALID_ARGUMENT,
       "may disagree"},
      {[](Request& r) { r.set_batch_size(1 << 20); }, StatusCode::INVALID_ARGUMENT,
       "--batch-size is 1048576: use a value from 2 to 4096."},
      {[](Request& r) { r.set_steps(500'000'000); }, StatusCode::INVALID_ARGUMENT,
       "--steps is 500000000: use a value from 0 to 100000000."},
      {[](Request& r) { r.add_settings("batch_size=1"); }, StatusCode::INVALID_ARGUMENT,
       "--batch-size is 1"},
      {[](Request& r) { r.add_settings("steps=0"); }, StatusCode::INVALID_ARGUMENT,
       "no number that --steps takes"},
      {[](Request& r) { r.add_settings("time_seconds=nan"); }, StatusCode::INVALID_ARGUMENT,
       "no number that --time takes"},
      {[](Request& r) { r.set_steps(5), r.add_settings("steps=6"); }, StatusCode::INVALID_ARGUMENT,
       "given twice"},
      {[](Request& r) { r.set_steps(5), r.add_settings("time_seconds=6"); },
       StatusCode::INVALID_ARGUMENT, "may disagree"},
      {[](Request& r) { r.set_after_job(77); }, StatusCode::NOT_FOUND, "no job 77"},
      {[](Request& r) { r.set_model("a/b"); }, StatusCode::INVALID_ARGUMENT, "a/b"},
      {[](Request& r) { r.set_request_id(std::string(129, 'x')); }, StatusCode::INVALID_ARGUMENT,
       "request_id"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.part);
    Request request = Training();
    one.change(request);
    ExpectError(Submit(request, &response), one.code, one.part);
  }
  v1::ListJobsResponse listed;
  ASSERT_TRUE(Call(jobs_, &v1::JobService::Stub::ListJobs, v1::ListJobsRequest(), &listed).ok());
  EXPECT_EQ(listed.jobs_size(), 1) << "the preparation alone";
}

TEST_F(ServiceTest, WhereNothingIsKnownOfFacesNothingIsMeasured) {
  ImportWithoutAttributes("plain");
  v1::CreateTrainJobRequest request = Training();
  request.set_filter("*");
  v1::CreateTrainJobResponse response;
  for (const char* setting : {"evaluate_steps=5", "evaluate_seconds=0.5"}) {
    v1::CreateTrainJobRequest measured = request;
    measured.add_settings(setting);
    ExpectError(Submit(measured, &response), StatusCode::FAILED_PRECONDITION, "has no attributes");
  }
  request.add_settings("evaluate_steps=0");
  EXPECT_TRUE(Submit(request, &response).ok());
}

TEST_F(ServiceTest, ADryRunSubmitsNothing) {
  ImportAndPrepare("faces");
  v1::CreateTrainJobRequest request = Training();
  request.set_dry_run(true);
  request.set_steps(100);
  v1::CreateTrainJobResponse response;
  ASSERT_TRUE(Submit(request, &response).ok());
  EXPECT_EQ(response.source_count(), kItems);
  EXPECT_EQ(response.target_count(), kItems / 4);
  EXPECT_EQ(response.steps(), 100U);
  EXPECT_GT(response.estimated_seconds(), 0);
  EXPECT_EQ(response.job().id(), 0U);
}

TEST_F(ServiceTest, SettingsThatHaveAFlagAreTheSameAsTheFlag) {
  ImportAndPrepare("faces");
  v1::CreateTrainJobRequest request = Training();
  request.set_dry_run(true);
  for (const char* setting : {"steps=7", "noise=0.1", "steps=5", "batch_size=8", "seed=9"}) {
    request.add_settings(setting);
  }
  v1::CreateTrainJobResponse response;
  ASSERT_TRUE(Submit(request, &response).ok());
  const v1::TrainSpec& spec = response.job().train();
  EXPECT_EQ(response.steps(), 5U);
  EXPECT_EQ(spec.steps(), 5U);
  EXPECT_EQ(spec.batch_size(), 8U);
  EXPECT_EQ(spec.seed(), 9U);
  ASSERT_EQ(spec.settings_size(), 1);
  EXPECT_EQ(spec.settings(0), "noise=0.1");
  request.clear_settings();
  request.add_settings("time_seconds=5");
  ASSERT_TRUE(Submit(request, &response).ok());
  EXPECT_EQ(response.estimated_seconds(), 5);
  EXPECT_EQ(response.job().train().steps(), 0U);
}

// Recipes and settings as a worker's engine names them.
v1::EngineAbilities Engine(const std::string& recipe) {
  v1::EngineAbilities engine;
  engine.add_recipes("makeover");
  engine.add_recipes(recipe);
  const auto add = [&engine](const std::string& name, const std::string& kind, double max,
                             const std::string& values) {
    v1::EngineSetting& setting = *engine.add_settings();
    setting.set_name(name);
    setting.set_kind(kind);
    setting.set_min(1);
    setting.set_max(max);
    setting.set_values(values);
    return &setting;
  };
  add("noise", "number", 10, "a number from 1 to 10");
  add("sample_count", "whole", 1'024, "a whole number from 1 to 1024");
  add("precision", "word", 0, "auto or fp32")->add_words("fp32");
  add("window", "word", 0, "");
  add("size", "size", 0, "WxH");
  add("flip", "truth", 1, "true or false");
  return engine;
}

TEST_F(ServiceTest, SettingsThatNoEngineTakesAreRefused) {
  ImportAndPrepare("faces");
  v1::CreateTrainJobRequest request = Training();
  request.set_dry_run(true);
  v1::CreateTrainJobResponse response;
  const auto submit = [&](const std::string& recipe, const std::string& setting) {
    request.set_recipe(recipe);
    request.clear_settings();
    request.add_settings(setting);
    return Submit(request, &response);
  };
  EXPECT_TRUE(submit("makeover", "nose=1").ok()) << "nobody knows better";
  Register("w", Engine("classic"));
  ExpectError(submit("makeover", "nose=1"), StatusCode::INVALID_ARGUMENT,
              "There is no setting 'nose'. Did you mean noise?");
  ExpectError(submit("clasic", "noise=1"), StatusCode::INVALID_ARGUMENT,
              "There is no recipe 'clasic'. Did you mean classic?");
  for (const char* value : {"11", "nan", "0.5", "", "1 ", "x"}) {
    ExpectError(submit("makeover", std::string("noise=") + value), StatusCode::INVALID_ARGUMENT,
                std::string("noise cannot be '") + value + "'. Give it a number from 1 to 10.");
  }
  for (const char* setting :
       {"sample_count=0", "sample_count=1.5", "precision=fp16", "flip=maybe"}) {
    ExpectError(submit("makeover", setting), StatusCode::INVALID_ARGUMENT, "cannot be");
  }
  for (const char* setting : {"noise=2.5", "sample_count=32", "precision=fp32", "size=40x48",
                              "window=full", "steps=5", "flip=no"}) {
    EXPECT_TRUE(submit("classic", setting).ok()) << setting;
  }
  Register("newer", Engine("newest"));
  EXPECT_TRUE(submit("newest", "noise=2").ok()) << "one of them takes it";
  Register("newer");
  ExpectError(submit("newest", "noise=2"), StatusCode::INVALID_ARGUMENT, "no recipe");
}

TEST_F(ServiceTest, ARequestIdMakesOneJob) {
  ImportAndPrepare("faces");
  std::vector<v1::CreateTrainJobResponse> responses(6);
  std::vector<std::thread> clients;
  for (v1::CreateTrainJobResponse& response : responses) {
    clients.emplace_back([&] { EXPECT_TRUE(Submit(Training("r1"), &response).ok()); });
  }
  for (std::thread& client : clients) client.join();
  Restart();
  v1::CreateTrainJobResponse again;
  ASSERT_TRUE(Submit(Training("r1"), &again).ok());
  for (const auto& response : responses) EXPECT_EQ(response.job().id(), again.job().id());
  v1::CreateTrainJobResponse other;
  ASSERT_TRUE(Submit(Training("r2"), &other).ok());
  EXPECT_EQ(other.job().id(), again.job().id() + 1);
  v1::CreatePreviewJobRequest preview;
  preview.set_request_id("r1");
  preview.set_filter("male");
  v1::Job job;
  ExpectError(Call(jobs_, &v1::JobService::Stub::CreatePreviewJob, preview, &job),
              StatusCode::INVALID_ARGUMENT, "of another kind");
}

TEST_F(TrainedTest, AnEstimateIsOfTheTrainingThatIsMostLikeIt) {
  v1::CreateTrainJobRequest request = Training();
  request.set_dry_run(true);
  request.set_steps(100);
  request.set_batch_size(10);
  // 1,000 images, at so many a second.
  const auto rate = [&](const std::string& recipe, const std::string& size) {
    request.set_recipe(recipe);
    request.clear_settings();
    request.add_settings("size=" + size);
    v1::CreateTrainJobResponse response;
    EXPECT_TRUE(Submit(request, &response).ok());
    return 1'000 / response.estimated_seconds();
  };
  const double rough = rate("makeover", "80x100");
  EXPECT_NEAR(rate("makeover", "40x100"), 2 * rough, 1e-6);
  ReportRate(task_, 100);
  EXPECT_NEAR(rate("makeover", "80x100"), 100, 1e-6);
  EXPECT_NEAR(rate("makeover", "160x200"), 25, 1e-6);
  EXPECT_NEAR(rate("classic", "80x100"), 100, 1e-6) << "better than a rough figure";
  v1::Job job;
  ASSERT_TRUE(Ask(&v1::JobService::Stub::CancelJob, job_, &job).ok());
  Beat("w");
  v1::CreateTrainJobRequest small = Training();
  small.add_settings("size=40x100");
  v1::CreateTrainJobResponse submitted;
  ASSERT_TRUE(Submit(small, &submitted).ok());
  ReportRate(Beat("w").wanted(0), 150);
  EXPECT_NEAR(rate("makeover", "40x100"), 150, 1e-6);
  EXPECT_NEAR(rate("makeover", "80x100"), 100, 1e-6) << "the older one has its size";
}

TEST_F(TrainedTest, WhatIsLearntFirstIsNoStepOfTheTraining) {
  BeatWith(task_, "judge steps", 156, 300);
  v1::Job job = GetJob(job_);
  EXPECT_EQ(job.progress().unit(), "judge steps");
  EXPECT_EQ(job.progress().done(), 156);
  EXPECT_EQ(job.progress().total(), 300);
  EXPECT_EQ(job.step(), 0U);
  BeatWith(task_, "steps", 4, 12);
  job = GetJob(job_);
  EXPECT_EQ(job.progress().unit(), "steps");
  EXPECT_EQ(job.step(), 4U);
}

TEST_F(TrainedTest, AnEvaluationShowsWhatItMeasures) {
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  v1::ReportTaskRequest report = ReportOf("w", task_);
  report.mutable_outcome()->set_kind(v1::Outcome::SUCCEEDED);
  ASSERT_TRUE(Report(report).ok());
  v1::CreateEvaluateJobRequest request;
  request.set_model("m");
  v1::Job job;
  ASSERT_TRUE(Call(jobs_, &v1::JobService::Stub::CreateEvaluateJob, request, &job).ok());
  const v1::TaskSpec task = Beat("w").wanted(0);
  BeatWith(task, "judge steps", 156, 300);
  EXPECT_EQ(GetJob(job.id()).progress().unit(), "judge steps");
  BeatWith(task, "faces", 20, 25);
  EXPECT_EQ(GetJob(job.id()).progress().unit(), "faces");
  EXPECT_EQ(GetJob(job.id()).progress().done(), 20);
  report = ReportOf("w", task);
  report.mutable_outcome()->set_kind(v1::Outcome::SUCCEEDED);
  report.mutable_outcome()->set_files_done(25);
  ASSERT_TRUE(Report(report).ok());
  job = GetJob(job.id());
  EXPECT_EQ(job.state(), v1::Job::SUCCEEDED);
  EXPECT_EQ(job.progress().done(), 25);
  EXPECT_EQ(job.progress().total(), 25);
  EXPECT_EQ(job.files_done(), 0U) << "of conversions alone";
}

TEST_F(TrainedTest, AnEvaluationKnowsWhatTheModelWasTrainedFor) {
  v1::CreateEvaluateJobRequest request;
  request.set_model("m");
  v1::Job job;
  const auto submit = [&] {
    return Call(jobs_, &v1::JobService::Stub::CreateEvaluateJob, request, &job);
  };
  ExpectError(submit(), StatusCode::FAILED_PRECONDITION, "no checkpoint yet");
  ASSERT_TRUE(ReportCheckpoint(500).ok());
  request.set_model("");
  ExpectError(submit(), StatusCode::INVALID_ARGUMENT, "name of a model");
  request.set_model("m");
  request.set_dataset("nothing");
  ExpectError(submit(), StatusCode::NOT_FOUND, "nothing");
  ImportWithoutAttributes("plain");
  request.set_dataset("plain");
  ExpectError(submit(), StatusCode::FAILED_PRECONDITION, "has no attributes");
  request.set_dataset("");
  ASSERT_TRUE(submit().ok());
  EXPECT_EQ(job.kind(), v1::Job::EVALUATE);
  EXPECT_EQ(job.description(), "evaluate m@500 on faces");
  EXPECT_EQ(job.evaluate().train().target(), "smiling");
  EXPECT_EQ(job.evaluate().checkpoint().digest(), Sha256Hex("checkpoint 500"));
}

}  // namespace
}  // namespace makeover
