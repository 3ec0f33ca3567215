// Names of checkpoints: what each keeps, and what is seen of the round that is not committed yet.
#include "coordinator/model_decisions.h"

#include <gmock/gmock.h>

#include "tests/coordinator/decision_world.h"

namespace makeover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ModelDecisionsTest : public testing::Test {
 protected:
  // A training with the name "m".
  void SetUp() override {
    Job job = MakeJob(JobKind::kTrain);
    job.model = "m";
    job_ = world_.Begin(std::move(job));
    Name("m", 0);
    world_.EndRound();
  }

  void Name(const std::string& name, uint32_t step) {
    Edit edit;
    edit.models = {{name, job_, step, world_.now}};
    world_.MustDo(std::move(edit));
  }
  void Train(const std::vector<uint32_t>& steps) {
    for (const uint32_t step : steps) world_.ReportCheckpoint(job_, step);
    world_.EndRound();
  }
  void Succeed() {
    world_.ReportEnd(job_, OutcomeKind::kSucceeded);
    world_.EndRound();
  }
  absl::Status Tag(uint32_t step, const std::string& name) {
    v1::TagCheckpointRequest request;
    request.set_job(job_);
    request.set_step(step);
    request.set_name(name);
    return world_.Do(DecideTag(world_.view(), request));
  }
  absl::Status Delete(const std::string& name) {
    return world_.Do(DecideDelete(world_.view(), name));
  }

  DecisionWorld world_;
  JobId job_ = 0;
};

TEST_F(ModelDecisionsTest, ATagThatIsDeletedAndGivenAgainInOneRoundStays) {
  Train({100, 200});
  ASSERT_TRUE(Tag(200, "t").ok());
  world_.EndRound();
  ASSERT_TRUE(Delete("t").ok());
  ASSERT_TRUE(Tag(200, "t").ok());
  world_.EndRound();
  EXPECT_EQ(world_.catalog->GetModel("t")->step, 200U);
  ASSERT_TRUE(Delete("t").ok());
  ASSERT_TRUE(Tag(100, "t").ok()) << "the name is free";
  EXPECT_THAT(Tag(200, "t").message(), HasSubstr("\"t\" already"));
  ASSERT_TRUE(Tag(100, "t").ok()) << "the same again";
  world_.EndRound();
  EXPECT_EQ(world_.catalog->GetModel("t")->step, 100U);
}

TEST_F(ModelDecisionsTest, ANameThatIsGoneInThisRoundIsNotDeletedTwice) {
  Train({100, 200});
  ASSERT_TRUE(Tag(200, "t").ok());
  ASSERT_TRUE(Delete("t").ok()) << "of this round";
  EXPECT_TRUE(absl::IsNotFound(Delete("t")));
  world_.EndRound();
  EXPECT_TRUE(absl::IsNotFound(world_.catalog->GetModel("t").status()));
}

TEST_F(ModelDecisionsTest, ADeletedTagLeavesTheBest) {
  Train({100});
  world_.ReportBest(job_, 100, 100);
  Train({200});
  ASSERT_TRUE(Tag(200, "t").ok());
  Train({300, 400});
  Succeed();
  ASSERT_TRUE(Delete("t").ok());
  world_.EndRound();
  EXPECT_THAT(world_.StepsOf(job_), ElementsAre(100, 300, 400)) << "the tag's own is gone";
}

TEST_F(ModelDecisionsTest, ADeletedTagLeavesWhatWasTaggedInTheSameRound) {
  Train({100, 200});
  ASSERT_TRUE(Tag(100, "t").ok());
  Train({300, 400});
  ASSERT_TRUE(Tag(100, "u").ok());
  ASSERT_TRUE(Delete("t").ok());
  world_.EndRound();
  EXPECT_THAT(world_.StepsOf(job_), ElementsAre(100, 300, 400));
  ASSERT_TRUE(Delete("u").ok());
  world_.EndRound();
  EXPECT_THAT(world_.StepsOf(job_), ElementsAre(300, 400));
}

TEST_F(ModelDecisionsTest, WithItsOwnNameATrainingLosesAllThatIsNotTagged) {
  Train({100, 200});
  world_.ReportBest(job_, 200, 200);
  ASSERT_TRUE(Tag(100, "t").ok());
  Train({300});
  EXPECT_THAT(Delete("m").message(), HasSubstr("in training"));
  world_.ReportCheckpoint(job_, 400);
  world_.ReportEnd(job_, OutcomeKind::kSucceeded);
  ASSERT_TRUE(Delete("m").ok()) << "in the round in which it ends";
  world_.EndRound();
  EXPECT_THAT(world_.StepsOf(job_), ElementsAre(100));
  ASSERT_TRUE(Delete("t").ok());
  world_.EndRound();
  EXPECT_THAT(world_.StepsOf(job_), IsEmpty());
}

}  // namespace
}  // namespace makeover
