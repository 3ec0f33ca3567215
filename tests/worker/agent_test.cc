#include "worker/agent.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/worker/agent_fixture.h"

namespace makeover {
namespace {

using Kind = EngineEvent::Kind;

constexpr LeaseId kTrain{1, 0, 1};
constexpr LeaseId kFirst{2, 0, 1};
constexpr LeaseId kSecond{2, 1, 1};

ChildExit Exited(int code) {
  ChildExit exit;
  exit.code = code;
  return exit;
}

ChildExit Killed(int signal) {
  ChildExit exit;
  exit.signal = signal;
  exit.last_log = "last words";
  return exit;
}

class AgentTest : public testing::Test {
 protected:
  Actions Want(std::vector<v1::TaskSpec> specs) {
    return agent_.OnWanted(Wanted(std::move(specs)), now_, now_);
  }
  Actions Tell(ChildId child, const EngineEvent& event) {
    return agent_.OnChildEvent(child, event, now_);
  }
  // A training whose child runs.
  ChildId Train() {
    Want({TrainTask(kTrain)});
    return Only<StartChild>(agent_.OnInputsReady(kTrain, Ready(), now_)).child;
  }
  // A conversion whose child runs.
  ChildId Convert() {
    Want({ConvertTask(kFirst), ConvertTask(kSecond)});
    const ChildId child = Only<StartChild>(agent_.OnInputsReady(kFirst, Ready(), now_)).child;
    agent_.OnInputsReady(kSecond, Ready(), now_);
    return child;
  }
  Actions Upload1(const Upload& upload) {
    return agent_.OnUploaded(upload.lease, upload.ticket, Stored("b" + upload.path), now_);
  }
  Actions Accept(const LeaseId& lease) {
    return agent_.OnReported(lease, Reported::kAccepted, now_);
  }

  int64_t now_ = 1'000'000;
  Agent agent_{AgentOptions()};
};

TEST_F(AgentTest, StartsWhatIsNew) {
  const Actions actions = Want({TrainTask(kTrain)});
  EXPECT_EQ(Only<FetchInputs>(actions).lease, kTrain);
  const Actions ready = agent_.OnInputsReady(kTrain, Ready(), now_);
  EXPECT_EQ(Only<StartChild>(ready).kind, ChildKind::kTrain);
  const v1::HeartbeatRequest heartbeat = agent_.Heartbeat();
  ASSERT_EQ(heartbeat.running_size(), 1);
  EXPECT_EQ(heartbeat.running(0).phase(), "running");
  EXPECT_EQ(heartbeat.wanted_version(), 7U);
}

TEST_F(AgentTest, TheSameWantedSetAgainChangesNothing) {
  Train();
  EXPECT_TRUE(Want({TrainTask(kTrain)}).empty());
}

TEST_F(AgentTest, MissingPixelsAreMadeFirst) {
  Want({TrainTask(kTrain)});
  const StartChild prepare = Only<StartChild>(agent_.OnInputsReady(kTrain, Ready(false), now_));
  EXPECT_EQ(prepare.kind, ChildKind::kPrepare);
  Tell(prepare.child, Event(Kind::kDone));
  const Actions kept = agent_.OnChildExit(prepare.child, Exited(0), now_);
  EXPECT_EQ(Only<KeepPixels>(kept).lease, kTrain);
  EXPECT_EQ(Only<StartChild>(agent_.OnInputsReady(kTrain, Ready(), now_)).kind, ChildKind::kTrain);
}

TEST_F(AgentTest, AnEvaluationSendsItsSheetAndItsFigures) {
  Want({EvaluateTask(kTrain)});
  const StartChild prepare = Only<StartChild>(agent_.OnInputsReady(kTrain, Ready(false), now_));
  EXPECT_EQ(prepare.kind, ChildKind::kPrepare);
  Tell(prepare.child, Event(Kind::kDone));
  agent_.OnChildExit(prepare.child, Exited(0), now_);
  const StartChild child = Only<StartChild>(agent_.OnInputsReady(kTrain, Ready(), now_));
  EXPECT_EQ(child.kind, ChildKind::kEvaluate);
  Tell(child.child, Event(Kind::kDone));
  const Upload sheet = Only<Upload>(agent_.OnChildExit(child.child, Exited(0), now_));
  EXPECT_EQ(sheet.path, kEvaluationSheetFile);
  const Upload figures =
      Only<Upload>(agent_.OnUploaded(kTrain, sheet.ticket, Stored("sheet"), now_));
  EXPECT_EQ(figures.path, kEvaluationFiguresFile);
  EXPECT_EQ(figures.bytes, "");
  const Report report =
      Only<Report>(agent_.OnUploaded(kTrain, figures.ticket, Stored("figures"), now_));
  EXPECT_EQ(report.request.outcome().output().digest(), "sheet");
  EXPECT_EQ(report.request.outcome().manifest().digest(), "figures");
}

TEST_F(AgentTest, MissingMeansStopAndTheCheckpointComesAlong) {
  const ChildId child = Train();
  const SignalChild signal = Only<SignalChild>(Want({}));
  EXPECT_FALSE(signal.kill);
  const Upload upload = Only<Upload>(Tell(child, Event(Kind::kCheckpoint, 40)));
  Tell(child, Event(Kind::kStopped, 40));
  EXPECT_TRUE(All<Report>(agent_.OnChildExit(child, Exited(3), now_)).empty());
  const Report report = Only<Report>(Upload1(upload));
  EXPECT_EQ(report.request.outcome().kind(), v1::Outcome::RELEASED);
  ASSERT_EQ(report.request.checkpoints_size(), 1);
  EXPECT_EQ(report.request.checkpoints(0).step(), 40U);
  EXPECT_EQ(Only<Forget>(Accept(kTrain)).lease, kTrain);
  EXPECT_TRUE(agent_.idle());
}

TEST_F(AgentTest, ADeafChildIsKilledAfterTheGracePeriod) {
  const ChildId child = Train();
  Want({});
  EXPECT_EQ(agent_.NextTickMs(), now_ + AgentOptions().stop_grace_ms);
  EXPECT_TRUE(agent_.Tick(now_ + AgentOptions().stop_grace_ms - 1).empty());
  const Actions late = agent_.Tick(now_ + AgentOptions().stop_grace_ms);
  EXPECT_TRUE(Only<SignalChild>(late).kill);
  const Report report = Only<Report>(agent_.OnChildExit(child, Killed(SIGKILL), now_));
  EXPECT_EQ(report.request.outcome().kind(), v1::Outcome::RELEASED);
}

TEST_F(AgentTest, WhatHasEndedIsNotStartedAgainByALateAnswer) {
  const ChildId child = Train();
  Tell(child, Event(Kind::kDone, 100));
  agent_.OnChildExit(child, Exited(0), now_);
  Accept(kTrain);
  EXPECT_TRUE(Want({TrainTask(kTrain)}).empty());
  EXPECT_TRUE(Want({}).empty());
  EXPECT_EQ(Only<FetchInputs>(Want({TrainTask({1, 0, 2})})).lease.attempt, 2U);
}

TEST_F(AgentTest, SuccessWaitsForEveryUpload) {
  const ChildId child = Train();
  const Upload sample = Only<Upload>(Tell(child, Event(Kind::kSample, 200)));
  Tell(child, Event(Kind::kCheckpoint, 200));
  Tell(child, Event(Kind::kDone, 200));
  EXPECT_TRUE(agent_.OnChildExit(child, Exited(0), now_).empty());
  const Actions after_sample = Upload1(sample);
  const Report first = Only<Report>(after_sample);
  EXPECT_FALSE(first.request.has_outcome());
  EXPECT_EQ(first.request.samples_size(), 1);
  EXPECT_TRUE(Upload1(Only<Upload>(after_sample)).empty()) << "one report at a time";
  const Report last = Only<Report>(Accept(kTrain));
  EXPECT_EQ(last.request.checkpoints_size(), 1);
  EXPECT_EQ(last.request.outcome().kind(), v1::Outcome::SUCCEEDED);
  EXPECT_EQ(last.request.outcome().progress().done(), 200);
}

TEST_F(AgentTest, AnEvaluationCountsFacesAndNotTheStepOfItsModel) {
  Want({EvaluateTask(kTrain)});
  const ChildId child = Only<StartChild>(agent_.OnInputsReady(kTrain, Ready(), now_)).child;
  EngineEvent measured = Event(Kind::kEvaluation);
  measured.count = 25;
  Tell(child, measured);
  Tell(child, Event(Kind::kDone, 60));
  const Actions first = agent_.OnChildExit(child, Exited(0), now_);
  const Actions second = Upload1(Only<Upload>(first));
  const v1::Outcome outcome = Only<Report>(Upload1(Only<Upload>(second))).request.outcome();
  EXPECT_EQ(outcome.kind(), v1::Outcome::SUCCEEDED);
  EXPECT_EQ(outcome.files_done(), 25U);
  EXPECT_EQ(outcome.progress().done(), 0);
}

TEST_F(AgentTest, TheStepsOfAJudgeAreNotTheTrainings) {
  const ChildId child = Train();
  EngineEvent judge = Event(Kind::kProgress);
  judge.done = 156;
  judge.unit = "judge steps";
  Tell(child, judge);
  EXPECT_EQ(agent_.Heartbeat().running(0).progress().unit(), "judge steps");
  Tell(child, Event(Kind::kStopped, 12));
  EXPECT_EQ(agent_.Heartbeat().running(0).progress().unit(), "steps");
  EXPECT_EQ(agent_.Heartbeat().running(0).progress().done(), 12);
}

TEST_F(AgentTest, MetricsAreGathered) {
  const ChildId child = Train();
  EXPECT_EQ(Only<Report>(Tell(child, Event(Kind::kMetrics, 10))).request.metrics_size(), 1);
  Accept(kTrain);
  EXPECT_TRUE(Tell(child, Event(Kind::kMetrics, 20)).empty());
  EXPECT_TRUE(Tell(child, Event(Kind::kMetrics, 30)).empty());
  EXPECT_EQ(agent_.NextTickMs(), now_ + 1'000);
  EXPECT_EQ(Only<Report>(agent_.Tick(now_ + 1'000)).request.metrics_size(), 2);
}

TEST_F(AgentTest, ManyMetricsGoInParts) {
  const ChildId child = Train();
  Tell(child, Event(Kind::kMetrics, 1));
  for (int step = 2; step <= 1'502; ++step) Tell(child, Event(Kind::kMetrics, step));
  Accept(kTrain);
  EXPECT_EQ(Only<Report>(agent_.Tick(now_ + 1'000)).request.metrics_size(), 1'000);
  Accept(kTrain);
  const v1::ReportTaskRequest rest = Only<Report>(agent_.Tick(now_ + 2'000)).request;
  ASSERT_EQ(rest.metrics_size(), 501);
  EXPECT_EQ(rest.metrics(0).step(), 1'002U);
}

TEST_F(AgentTest, AStaleAttemptIsKilledAndForgotten) {
  const ChildId child = Train();
  Tell(child, Event(Kind::kMetrics, 10));
  const Actions actions = agent_.OnReported(kTrain, Reported::kStale, now_);
  EXPECT_TRUE(Only<SignalChild>(actions).kill);
  EXPECT_EQ(Only<Forget>(actions).lease, kTrain);
  EXPECT_TRUE(Tell(child, Event(Kind::kCheckpoint, 10)).empty());
  EXPECT_TRUE(agent_.OnChildExit(child, Killed(SIGKILL), now_).empty());
  EXPECT_TRUE(agent_.idle());
}

TEST_F(AgentTest, AShortSilenceDisturbsNothing) {
  Train();
  agent_.OnHeartbeatFailed();
  EXPECT_TRUE(agent_.Tick(now_ + 19'999).empty());
  EXPECT_EQ(agent_.Heartbeat().wanted_version(), 0U);
  now_ += 19'999;
  EXPECT_TRUE(Want({TrainTask(kTrain)}).empty());
  EXPECT_TRUE(agent_.Tick(now_ + 19'999).empty());
}

TEST_F(AgentTest, AfterAWholeLeaseWithoutContactItStopsByItselfAndReportsLater) {
  const ChildId child = Train();
  EXPECT_EQ(agent_.NextTickMs(), now_ + 20'000);
  const Actions passed = agent_.Tick(now_ + 20'000);
  EXPECT_FALSE(Only<SignalChild>(passed).kill);
  const Upload upload = Only<Upload>(Tell(child, Event(Kind::kCheckpoint, 40)));
  agent_.OnChildExit(child, Exited(3), now_);
  now_ += 60'000;
  EXPECT_TRUE(Want({TrainTask(kTrain)}).empty()) << "the lease is wanted still, the result waits";
  EXPECT_EQ(Only<Report>(Upload1(upload)).request.outcome().kind(), v1::Outcome::RELEASED);
}

TEST_F(AgentTest, TheLeaseCountsFromTheSendingOfTheHeartbeat) {
  agent_.OnWanted(Wanted({TrainTask(kTrain)}), now_ - 5'000, now_);
  EXPECT_TRUE(All<Report>(agent_.Tick(now_ + 14'999)).empty());
  EXPECT_EQ(Only<Report>(agent_.Tick(now_ + 15'000)).request.outcome().kind(),
            v1::Outcome::RELEASED);
}

TEST_F(AgentTest, ACrashIsAFailureOfTheTask) {
  const ChildId child = Train();
  const Report report = Only<Report>(agent_.OnChildExit(child, Killed(SIGSEGV), now_));
  const v1::Failure& failure = report.request.outcome().failure();
  EXPECT_EQ(report.request.outcome().kind(), v1::Outcome::FAILED);
  EXPECT_EQ(failure.class_(), v1::Failure::TASK);
  EXPECT_EQ(failure.code(), "ENGINE_CRASHED");
  EXPECT_EQ(failure.message(),
            "mkengine train was ended by signal 11 (SEGV); its last words: last words");
}

TEST_F(AgentTest, AnErrorKeepsItsClass) {
  const ChildId child = Train();
  EngineEvent error = Event(Kind::kError);
  error.error_class = "STORAGE";
  error.code = "disk_full";
  Tell(child, error);
  const Report report = Only<Report>(agent_.OnChildExit(child, Exited(1), now_));
  EXPECT_EQ(report.request.outcome().failure().class_(), v1::Failure::STORAGE);
  EXPECT_EQ(report.request.outcome().failure().code(), "disk_full");
}

TEST_F(AgentTest, FailedInputsFailTheTask) {
  Want({TrainTask(kTrain)});
  InputsReady not_ready;
  not_ready.failure.set_class_(v1::Failure::STORAGE);
  const Report report = Only<Report>(agent_.OnInputsReady(kTrain, not_ready, now_));
  EXPECT_EQ(report.request.outcome().failure().class_(), v1::Failure::STORAGE);
}

TEST_F(AgentTest, AFailedUploadStopsTheTraining) {
  const ChildId child = Train();
  const Upload upload = Only<Upload>(Tell(child, Event(Kind::kCheckpoint, 40)));
  Uploaded failed;
  failed.failure.set_class_(v1::Failure::STORAGE);
  const Actions actions = agent_.OnUploaded(kTrain, upload.ticket, failed, now_);
  EXPECT_FALSE(Only<SignalChild>(actions).kill);
  EXPECT_EQ(Only<Report>(actions).request.outcome().failure().class_(), v1::Failure::STORAGE);
}

TEST_F(AgentTest, ShardsOfOneModelShareAChild) {
  const ChildId child = Convert();
  Tell(child, OfRequest(Kind::kFile, kFirst));
  const Actions done = Tell(child, OfRequest(Kind::kRequestDone, kFirst));
  const Upload output = Only<Upload>(done);
  EXPECT_EQ(output.path, "/out/2-0-1.tar");
  const Upload manifest = Only<Upload>(Upload1(output));
  EXPECT_EQ(manifest.bytes, "{\"file\":\"a.jpg\"}\n");
  const Report report = Only<Report>(Upload1(manifest));
  EXPECT_EQ(report.request.outcome().kind(), v1::Outcome::SUCCEEDED);
  EXPECT_EQ(report.request.outcome().output().digest(), "b/out/2-0-1.tar");
  EXPECT_EQ(report.request.outcome().files_done(), 1U);
  EXPECT_EQ(agent_.LogOwner(child), kSecond);
}

TEST_F(AgentTest, OnlyTheShardInFrontIsGuiltyOfACrash) {
  const ChildId child = Convert();
  const Actions actions = agent_.OnChildExit(child, Killed(SIGSEGV), now_);
  const Report report = Only<Report>(actions);
  EXPECT_EQ(FromProto(report.request.lease()), kFirst);
  EXPECT_EQ(report.request.outcome().failure().code(), "ENGINE_CRASHED");
  EXPECT_EQ(Only<StartChild>(actions).lease, kSecond);
  EXPECT_EQ(Only<SendRequest>(actions).lease, kSecond);
}

TEST_F(AgentTest, AFailedRequestLeavesTheChildAlone) {
  const ChildId child = Convert();
  EngineEvent error = OfRequest(Kind::kError, kFirst);
  error.error_class = "USER";
  EXPECT_EQ(Only<Report>(Tell(child, error)).request.outcome().failure().class_(),
            v1::Failure::USER);
  EXPECT_EQ(agent_.LogOwner(child), kSecond);
}

TEST_F(AgentTest, AnIdleChildWaitsForMoreAndThenEnds) {
  const ChildId child = Convert();
  Tell(child, OfRequest(Kind::kRequestDone, kFirst));
  Tell(child, OfRequest(Kind::kRequestDone, kSecond));
  now_ += AgentOptions().idle_child_ms - 1;
  Want({ConvertTask(kFirst), ConvertTask(kSecond)});
  EXPECT_TRUE(All<SignalChild>(agent_.Tick(now_)).empty());
  EXPECT_EQ(Only<SignalChild>(agent_.Tick(now_ + 1)).child, child);
}

TEST_F(AgentTest, ATrainingTakesTheDeviceOfAnIdleChild) {
  const ChildId child = Convert();
  Tell(child, OfRequest(Kind::kRequestDone, kFirst));
  Want({ConvertTask(kSecond), TrainTask(kTrain)});
  EXPECT_TRUE(agent_.OnInputsReady(kTrain, Ready(), now_).empty()) << "it works still";
  const Actions idle = Tell(child, OfRequest(Kind::kRequestDone, kSecond));
  EXPECT_EQ(Only<SignalChild>(idle).child, child);
  EXPECT_TRUE(All<StartChild>(idle).empty());
  EXPECT_EQ(Only<StartChild>(agent_.OnChildExit(child, Exited(3), now_)).kind, ChildKind::kTrain);
}

TEST_F(AgentTest, AnotherDeviceIsAnotherChild) {
  Train();
  Want({TrainTask(kTrain), ConvertTask(kFirst, "m1", "cuda:1")});
  EXPECT_EQ(Only<StartChild>(agent_.OnInputsReady(kFirst, Ready(), now_)).kind,
            ChildKind::kConvert);
}

TEST_F(AgentTest, AnUnwantedShardLeavesTheOthersAlone) {
  const ChildId child = Convert();
  const Actions actions = Want({ConvertTask(kSecond)});
  EXPECT_EQ(Only<Report>(actions).request.outcome().kind(), v1::Outcome::RELEASED);
  EXPECT_TRUE(All<SignalChild>(actions).empty());
  EXPECT_TRUE(Tell(child, OfRequest(Kind::kRequestDone, kFirst)).empty());
  EXPECT_EQ(Only<SignalChild>(Want({})).child, child);
}

TEST_F(AgentTest, PreparationNamesWhatIsQuarantined) {
  const LeaseId lease{3, 0, 1};
  Want({PrepareTask(lease)});
  const ChildId child = Only<StartChild>(agent_.OnInputsReady(lease, Ready(false), now_)).child;
  EngineEvent bad = Event(Kind::kQuarantine);
  bad.row = 5;
  bad.reason = "no picture";
  Tell(child, bad);
  Tell(child, Event(Kind::kPrepared));
  agent_.OnChildExit(child, Exited(0), now_);
  const Report report = Only<Report>(agent_.OnInputsReady(lease, Ready(), now_));
  EXPECT_EQ(report.request.outcome().kind(), v1::Outcome::SUCCEEDED);
  ASSERT_EQ(report.request.outcome().quarantined_size(), 1);
  EXPECT_EQ(report.request.outcome().quarantined(0).row(), 5U);
}

TEST_F(AgentTest, APreviewIsItsPicture) {
  const LeaseId lease{4, 0, 1};
  Want({PreviewTask(lease)});
  const ChildId child = Only<StartChild>(agent_.OnInputsReady(lease, Ready(false), now_)).child;
  Tell(child, Event(Kind::kDone));
  const Upload upload = Only<Upload>(agent_.OnChildExit(child, Exited(0), now_));
  EXPECT_EQ(upload.path, kPreviewFile);
  EXPECT_EQ(Only<Report>(Upload1(upload)).request.outcome().output().digest(), "bpreview.png");
}

TEST_F(AgentTest, ShutdownStopsEverythingAndTakesNothingNew) {
  const ChildId child = Train();
  EXPECT_EQ(Only<SignalChild>(agent_.Shutdown(now_)).child, child);
  EXPECT_TRUE(Want({TrainTask(kTrain), ConvertTask(kFirst)}).empty());
  EXPECT_EQ(agent_.Heartbeat().wanted_version(), 0U);
  agent_.OnChildExit(child, Exited(3), now_);
  EXPECT_FALSE(agent_.idle());
  Accept(kTrain);
  EXPECT_TRUE(agent_.idle());
}

TEST_F(AgentTest, AChildThatCannotStartIsTheWorkersFault) {
  const ChildId child = Train();
  ChildExit exit;
  exit.start_error = "no memory";
  const Report report = Only<Report>(agent_.OnChildExit(child, exit, now_));
  EXPECT_EQ(report.request.outcome().failure().class_(), v1::Failure::WORKER);
}

}  // namespace
}  // namespace makeover
