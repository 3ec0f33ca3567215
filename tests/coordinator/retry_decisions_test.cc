// What a retry begins anew with, and what is seen of the round that is not committed yet.
#include <gmock/gmock.h>

#include "coordinator/job_changes.h"
#include "coordinator/retry_jobs.h"
#include "makeover/v1/jobs.pb.h"
#include "tests/coordinator/decision_world.h"

namespace makeover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RetryDecisionsTest : public testing::Test {
 protected:
  // The dataset "faces", whose index has this text.
  void SetUp() override { Import("first"); }

  void Import(const std::string& index) {
    Dataset dataset;
    dataset.name = "faces";
    const absl::StatusOr<uint32_t> id = world_.catalog->CreateDataset(dataset);
    ASSERT_TRUE(id.ok()) << id.status();
    dataset.id = *id;
    dataset.state = DatasetState::kReady;
    dataset.index = world_.Put(index);
    Edit edit;
    edit.datasets = {dataset};
    world_.MustDo(std::move(edit));
    world_.EndRound();
  }
  void ImportAnew() {
    Edit edit;
    edit.removed_datasets = {world_.catalog->GetDataset("faces")->id};
    world_.MustDo(std::move(edit));
    world_.EndRound();
    Import("second");
  }

  // Of rows that are chosen from "faces" as it is.
  template <typename Spec>
  Job JobOf(JobKind kind) {
    Spec spec;
    spec.set_dataset_digest(world_.catalog->GetDataset("faces")->index.digest);
    Job job = MakeJob(kind);
    job.dataset = "faces";
    job.spec = spec.SerializeAsString();
    return job;
  }
  // With the name "m".
  JobId BeginTraining() {
    Job job = JobOf<v1::TrainSpec>(JobKind::kTrain);
    job.model = "m";
    const JobId id = world_.Begin(std::move(job));
    Edit edit;
    edit.models = {{"m", id, 0, world_.now}};
    world_.MustDo(std::move(edit));
    world_.EndRound();
    return id;
  }
  JobId BeginConversion(const BlobRef& input) {
    Task task;
    task.input = input;
    task.files = 7;
    return world_.Begin(MakeJob(JobKind::kConvert), std::move(task));
  }

  absl::Status Cancel(JobId id) {
    return world_.Do(DecideChange(world_.view(), id, &Scheduler::Cancel, "cancelled", {}));
  }
  // Its worker gives it back.
  void CancelWholly(JobId id) {
    ASSERT_TRUE(Cancel(id).ok());
    world_.ReportEnd(id, OutcomeKind::kReleased);
  }
  absl::Status Retry(JobId id) { return world_.Do(DecideRetry(world_.view(), *world_.blobs, id)); }

  DecisionWorld world_;
};

TEST_F(RetryDecisionsTest, WhatSucceededInThisRoundIsNotBegunAnew) {
  const JobId id = BeginTraining();
  world_.ReportEnd(id, OutcomeKind::kSucceeded);
  EXPECT_THAT(Retry(id).message(), HasSubstr("SUCCEEDED"));
  EXPECT_THAT(Cancel(id).message(), HasSubstr("has ended (SUCCEEDED)"));
  world_.EndRound();
  EXPECT_EQ(world_.catalog->GetModel("m")->job, id);
}

TEST_F(RetryDecisionsTest, WhatWasCancelledInThisRoundGoesOnWhereItEnded) {
  const JobId id = BeginTraining();
  for (const uint32_t step : {100, 200}) world_.ReportCheckpoint(id, step);
  world_.EndRound();
  ASSERT_TRUE(Cancel(id).ok());
  world_.ReportCheckpoint(id, 250);
  world_.ReportEnd(id, OutcomeKind::kReleased);
  ASSERT_TRUE(Retry(id).ok());
  world_.EndRound();
  EXPECT_EQ(world_.catalog->GetJob(id)->state, JobState::kCancelled);
  const Task& task = world_.scheduler.state().tasks.at({id + 1, 0});
  EXPECT_EQ(task.step, 250U);
  EXPECT_EQ(task.checkpoint, world_.Put("step 250"));
  EXPECT_THAT(world_.StepsOf(id + 1), ElementsAre(250));
  EXPECT_EQ(world_.catalog->GetModel("m")->job, id + 1);
}

TEST_F(RetryDecisionsTest, ATrainingTakesItsBestWithIt) {
  const JobId id = BeginTraining();
  world_.ReportCheckpoint(id, 100);
  world_.ReportBest(id, 100, 100);
  for (const uint32_t step : {200, 300}) world_.ReportCheckpoint(id, step);
  CancelWholly(id);
  world_.EndRound();
  ASSERT_TRUE(Retry(id).ok());
  world_.EndRound();
  EXPECT_THAT(world_.StepsOf(id + 1), ElementsAre(100, 300));
}

TEST_F(RetryDecisionsTest, ATrainingWhoseCheckpointsAreGoneBeginsAtTheBeginning) {
  const JobId id = BeginTraining();
  world_.ReportCheckpoint(id, 100);
  CancelWholly(id);
  Edit edit;
  edit.removed_models = {"m"};
  edit.removed_checkpoints = {{id, 100, {}, 0}};
  world_.MustDo(std::move(edit));
  world_.EndRound();
  ASSERT_TRUE(world_.blobs->Delete(world_.Put("step 100").digest).ok());
  ASSERT_TRUE(Retry(id).ok());
  world_.EndRound();
  EXPECT_EQ(world_.scheduler.state().tasks.at({id + 1, 0}).step, 0U);
  EXPECT_EQ(world_.scheduler.state().tasks.at({id + 1, 0}).checkpoint, BlobRef());
  EXPECT_EQ(world_.catalog->GetModel("m")->job, id + 1);
}

TEST_F(RetryDecisionsTest, ANameThatSomebodyTookInThisRoundIsLeftToThem) {
  const JobId id = BeginTraining();
  CancelWholly(id);
  world_.EndRound();
  const JobId other = BeginTraining();
  ASSERT_TRUE(Retry(id).ok());
  world_.EndRound();
  EXPECT_EQ(world_.catalog->GetModel("m")->job, other);
}

TEST_F(RetryDecisionsTest, AConversionHasItsPicturesAgain) {
  const BlobRef input = world_.Put("a tar");
  const JobId id = BeginConversion(input);
  CancelWholly(id);
  world_.EndRound();
  ASSERT_TRUE(Retry(id).ok());
  world_.EndRound();
  EXPECT_EQ(world_.scheduler.state().tasks.at({id + 1, 0}).input, input);
  EXPECT_EQ(world_.scheduler.state().tasks.at({id + 1, 0}).files, 7U);
}

TEST_F(RetryDecisionsTest, WhatIsNotStoredAnyMoreCannotBeRetried) {
  const BlobRef input = world_.Put("a tar");
  const JobId id = BeginConversion(input);
  CancelWholly(id);
  world_.EndRound();
  ASSERT_TRUE(world_.blobs->Delete(input.digest).ok());
  EXPECT_THAT(Retry(id).message(), HasSubstr("not stored any more"));
}

TEST_F(RetryDecisionsTest, RowsOfADatasetAreNotRowsOfAnotherOfItsName) {
  const JobId train = BeginTraining();
  CancelWholly(train);
  world_.EndRound();
  const JobId evaluate = world_.Begin(JobOf<v1::EvaluateSpec>(JobKind::kEvaluate));
  CancelWholly(evaluate);
  world_.EndRound();
  const JobId preview = world_.Begin(JobOf<v1::PreviewSpec>(JobKind::kPreview));
  CancelWholly(preview);
  world_.EndRound();
  const JobId prepare = world_.Begin(JobOf<v1::PreviewSpec>(JobKind::kPrepare));
  CancelWholly(prepare);
  world_.EndRound();
  ImportAnew();
  for (const JobId id : {train, evaluate, preview}) {
    EXPECT_THAT(Retry(id).message(), HasSubstr("Submit a new job")) << "job " << id;
  }
  EXPECT_THAT(Retry(prepare).message(), HasSubstr("was imported anew"));
}

TEST_F(RetryDecisionsTest, TheSameDatasetIsFine) {
  const JobId train = BeginTraining();
  CancelWholly(train);
  world_.EndRound();
  EXPECT_TRUE(Retry(train).ok());
}

}  // namespace
}  // namespace makeover
