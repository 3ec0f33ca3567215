// Leases: who gets them, who keeps them, who loses them.
#include <gtest/gtest.h>

#include "tests/coordinator/scheduler_world.h"

namespace makeover {
namespace {

TEST(Leases, RunOutOnTheMillisecond) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  EXPECT_EQ(world.scheduler.NextDeadline(world.now), world.now + 20'000);
  world.now += 19'999;
  world.Tick();
  EXPECT_EQ(world.StateOf(job), JobState::kRunning);
  world.now += 1;
  world.Tick();
  EXPECT_EQ(world.StateOf(job), JobState::kQueued);
  EXPECT_TRUE(world.scheduler.state().workers.at("a").lost);
  EXPECT_EQ(world.last.attempts.at(0).outcome, AttemptOutcome::kLost);
  EXPECT_EQ(world.last.attempts.at(0).failure.code, "WORKER_LOST");
  EXPECT_TRUE(NothingToCommit(world.scheduler.Tick(world.now + 1))) << "lost once";
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kQueued) << "a lost worker gets nothing";
}

TEST(Leases, AnythingHeardRenewsThem) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  world.now += 15'000;
  ASSERT_TRUE(world.Beat("a", {{job, 0, 1}}).ok());
  world.now += 15'000;
  ASSERT_TRUE(world.Do(world.scheduler.Report(world.ReportOf(job), std::nullopt, world.now)).ok());
  world.now += 15'000;
  world.Tick();
  EXPECT_EQ(world.StateOf(job), JobState::kRunning);
}

TEST(Leases, AWorkerThatComesBackChangesNothingOfItsOldOnes) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  TaskReport old = world.ReportOf(job);
  old.outcome.emplace();
  world.now += 20'000;
  world.Tick();
  ASSERT_TRUE(world.Beat("a", {old.lease}).ok());
  EXPECT_FALSE(world.scheduler.state().workers.at("a").lost);
  EXPECT_TRUE(absl::IsAborted(world.Do(world.scheduler.Report(old, std::nullopt, world.now))));
  world.Assign();
  EXPECT_EQ(world.task(job).attempt, 2U);
  EXPECT_TRUE(absl::IsAborted(world.Do(world.scheduler.Report(old, std::nullopt, world.now))));
  EXPECT_EQ(world.StateOf(job), JobState::kRunning);
}

TEST(Reports, OfOthersOrOldOnesAreRefused) {
  World world;
  world.Add(MakeWorker("a", 1));
  world.Add(MakeWorker("b", 0));
  const JobId job = world.SubmitTraining();
  world.Assign();
  const TaskReport good = world.ReportOf(job);
  std::vector<TaskReport> bad(6, good);
  bad[0].lease.attempt = 2;
  bad[1].lease.attempt = 0;
  bad[2].lease.task = 1;
  bad[3].lease.job = 9;
  bad[4].identity = "another";
  bad[5].worker = "b";
  bad[5].identity = "id-b";
  for (TaskReport& report : bad) {
    report.outcome.emplace();
    EXPECT_FALSE(world.scheduler.IsCurrent(report)) << (&report - bad.data());
    EXPECT_TRUE(absl::IsAborted(world.Do(world.scheduler.Report(report, std::nullopt, world.now))))
        << (&report - bad.data());
  }
  EXPECT_TRUE(world.scheduler.IsCurrent(good));
}

TEST(Reports, AreAnsweredTheSameAgain) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  TaskReport report = world.ReportOf(job);
  report.outcome.emplace();
  ASSERT_TRUE(world.Do(world.scheduler.Report(report, std::nullopt, world.now)).ok());
  Attempt recorded = world.last.attempts.at(0);
  const absl::StatusOr<Edit> again = world.scheduler.Report(report, recorded, world.now);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(NothingToCommit(*again));
  recorded.outcome = AttemptOutcome::kLost;
  EXPECT_TRUE(absl::IsAborted(world.scheduler.Report(report, recorded, world.now).status()));
}

TEST(Heartbeats, OfStrangersAreAskedToRegister) {
  World world;
  EXPECT_TRUE(absl::IsNotFound(world.Beat("a", {})));
  world.Add(MakeWorker("a", 1));
  const WorkerHeartbeat other{.worker = "a", .identity = "x", .running = {}, .wanted_version = 0};
  EXPECT_TRUE(absl::IsNotFound(world.Do(world.scheduler.Heartbeat(other, world.now))));
}

TEST(Heartbeats, WhatAWorkerDoesNotKnowYetItCannotHaveForgotten) {
  World world;
  world.Add(MakeWorker("a", 1));
  const uint64_t before = world.scheduler.Wanted("a").version;
  const JobId job = world.SubmitTraining();
  world.Assign();
  EXPECT_NE(world.scheduler.Wanted("a").version, before);
  const WorkerHeartbeat early{
      .worker = "a", .identity = "id-a", .running = {}, .wanted_version = before};
  ASSERT_TRUE(world.Do(world.scheduler.Heartbeat(early, world.now)).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kRunning);
  ASSERT_TRUE(world.Beat("a", {}).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kQueued);
  EXPECT_EQ(world.last.attempts.at(0).failure.code, "TASK_FORGOTTEN");
}

TEST(Heartbeats, WhatWasTakenBackIsReleasedWhenItIsMissing) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  ASSERT_TRUE(world.Do(world.scheduler.Pause(job, world.now)).ok());
  ASSERT_TRUE(world.Beat("a", {{job, 0, 1}}).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kRunning);
  ASSERT_TRUE(world.Beat("a", {}).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kPaused);
}

TEST(Registration, ANamesakeIsRefusedWhileTheOtherLives) {
  World world;
  world.Add(MakeWorker("a", 1));
  Worker other = MakeWorker("a", 1);
  other.identity = "another";
  EXPECT_TRUE(absl::IsAlreadyExists(world.Do(world.scheduler.Register(other, true, world.now))));
  world.now += 20'000;
  world.Tick();
  EXPECT_TRUE(world.Do(world.scheduler.Register(other, true, world.now)).ok());
}

TEST(Registration, AfterABreakKeepsTasksAfterAStartLosesThem) {
  for (const bool started : {false, true}) {
    World world;
    world.Add(MakeWorker("a", 1));
    const JobId job = world.SubmitTraining();
    world.Assign();
    world.Add(MakeWorker("a", 1), started);
    EXPECT_EQ(world.StateOf(job), started ? JobState::kQueued : JobState::kRunning);
  }
}

TEST(Registration, ADeviceThatIsGoneTakesItsTasksWithIt) {
  World world;
  world.Add(MakeWorker("a", 2));
  const JobId first = world.SubmitTraining();
  const JobId second = world.SubmitTraining();
  world.Assign();
  world.Add(MakeWorker("a", 1), /*started=*/false);
  EXPECT_EQ(world.StateOf(first), JobState::kRunning);
  EXPECT_EQ(world.StateOf(second), JobState::kQueued);
  EXPECT_EQ(world.last.attempts.at(0).failure.code, "DEVICE_GONE");
}

TEST(Registration, AWorkerWithoutDevicesGetsNothing) {
  World world;
  world.Add(MakeWorker("a", 0));
  const JobId job = world.Submit(MakeJob(JobKind::kPrepare, 0));
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kQueued);
  EXPECT_NE(world.scheduler.Explain(job, world.now).at(0).what.find("a has no devices"),
            std::string::npos);
  world.Add(MakeWorker("a", 1));
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kRunning);
}

TEST(Draining, HandsTrainingOverAndFinishesConversion) {
  World world;
  world.Add(MakeWorker("a", 2));
  const JobId training = world.SubmitTraining();
  const JobId conversion = world.Submit(MakeJob(JobKind::kConvert), 1);
  world.Assign();
  ASSERT_TRUE(world.Do(world.scheduler.Drain("a", world.now)).ok());
  EXPECT_TRUE(NothingToCommit(*world.scheduler.Drain("a", world.now)));
  const WantedSet wanted = world.scheduler.Wanted("a");
  ASSERT_EQ(wanted.tasks.size(), 1U);
  EXPECT_EQ(wanted.tasks[0].job, conversion);
  ASSERT_TRUE(world.End(training, OutcomeKind::kReleased).ok());
  world.Assign();
  EXPECT_EQ(world.StateOf(training), JobState::kQueued);
  EXPECT_TRUE(absl::IsFailedPrecondition(world.Do(world.scheduler.RemoveWorker("a", world.now))));
  ASSERT_TRUE(world.Succeed(conversion).ok());
  world.Add(MakeWorker("b", 1));
  world.Assign();
  EXPECT_EQ(world.task(training).worker, "b") << "at once";
  EXPECT_TRUE(world.Do(world.scheduler.RemoveWorker("a", world.now)).ok());
  EXPECT_TRUE(absl::IsNotFound(world.Do(world.scheduler.Drain("a", world.now))));
}

TEST(Draining, AReleaseThatNobodyAskedForWaitsAMoment) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  ASSERT_TRUE(world.End(job, OutcomeKind::kReleased).ok());
  EXPECT_EQ(world.task(job).not_before_ms, world.now + 1'000);
}

TEST(Placing, TheHigherPriorityThenTheOlderJob) {
  World world;
  const JobId old = world.SubmitTraining();
  const JobId young = world.SubmitTraining();
  Job urgent = MakeJob(JobKind::kTrain);
  urgent.priority = 5;
  const JobId first = world.Submit(urgent);
  world.Add(MakeWorker("a", 1));
  for (const JobId next : {first, old, young}) {
    world.Assign();
    EXPECT_EQ(world.StateOf(next), JobState::kRunning);
    ASSERT_TRUE(world.Succeed(next).ok());
  }
}

TEST(Placing, TheOwnerWithFewerDevicesFirst) {
  World world;
  world.SubmitTraining();
  const JobId anns_second = world.SubmitTraining();
  Job job = MakeJob(JobKind::kTrain);
  job.owner = "bob";
  const JobId bobs = world.Submit(job);
  world.Add(MakeWorker("a", 2));
  world.Assign();
  EXPECT_EQ(world.StateOf(bobs), JobState::kRunning);
  EXPECT_EQ(world.StateOf(anns_second), JobState::kQueued);
}

TEST(Placing, AGpuBeforeACpu) {
  World world;
  world.Add(MakeWorker("a", 1));
  world.Add(MakeWorker("b", 1, "cuda"));
  const JobId job = world.SubmitTraining();
  world.Assign();
  EXPECT_EQ(world.task(job).worker, "b");
}

TEST(Placing, AWideJobReservesItsWorker) {
  World world;
  world.Add(MakeWorker("a", 2));
  const JobId narrow = world.SubmitTraining();
  world.Assign();
  const JobId wide = world.SubmitTraining(2);
  const JobId late = world.SubmitTraining();
  world.Assign();
  EXPECT_EQ(world.StateOf(late), JobState::kQueued) << "the other device is kept";
  ASSERT_TRUE(world.Succeed(narrow).ok());
  world.Assign();
  EXPECT_EQ(world.StateOf(wide), JobState::kRunning);
  EXPECT_EQ(world.task(wide).devices.size(), 2U);
  EXPECT_EQ(world.StateOf(late), JobState::kQueued);
}

TEST(Placing, AJobThatIsTooWideSaysSoAndKeepsNobodyWaiting) {
  World world;
  world.Add(MakeWorker("a", 2));
  const JobId wide = world.SubmitTraining(3);
  const JobId other = world.SubmitTraining();
  world.Assign();
  EXPECT_EQ(world.StateOf(other), JobState::kRunning);
  EXPECT_NE(world.scheduler.Explain(wide, world.now).at(0).what.find("needs 3 devices"),
            std::string::npos);
}

TEST(Placing, TwoWorkersShareAConversion) {
  World world;
  world.Add(MakeWorker("a", 1));
  world.Add(MakeWorker("b", 1));
  const JobId job = world.Submit(MakeJob(JobKind::kConvert), 6);
  world.Assign();
  EXPECT_EQ(world.scheduler.Wanted("a").tasks.size(), 2U) << "one runs, one is fetched";
  EXPECT_EQ(world.scheduler.Wanted("b").tasks.size(), 2U);
  for (int round = 0; round < 6; ++round) {
    for (const char* worker : {"a", "b"}) {
      const WantedSet wanted = world.scheduler.Wanted(worker);
      if (!wanted.tasks.empty()) {
        ASSERT_TRUE(world.Succeed(job, wanted.tasks[0].index).ok());
      }
    }
    world.Assign();
  }
  EXPECT_EQ(world.StateOf(job), JobState::kSucceeded);
  EXPECT_EQ(world.scheduler.state().workers.at("a").tasks_succeeded, 3U);
  EXPECT_EQ(world.scheduler.state().workers.at("b").tasks_succeeded, 3U);
}

TEST(Placing, AConversionDoesNotShareBeforeAnEarlierJob) {
  World world;
  world.Add(MakeWorker("a", 1));
  Job urgent = MakeJob(JobKind::kTrain, 1);
  urgent.priority = 1;
  const JobId conversion = world.Submit(MakeJob(JobKind::kConvert), 3);
  world.Assign();
  world.Submit(urgent);
  ASSERT_TRUE(world.Succeed(conversion, 0).ok());
  world.Assign();
  EXPECT_EQ(world.scheduler.Wanted("a").tasks.size(), 1U);
}

TEST(Placing, SmallTasksNeedNoDevice) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId training = world.SubmitTraining();
  for (int i = 0; i < 3; ++i) world.Submit(MakeJob(JobKind::kPreview, 0));
  world.Assign();
  EXPECT_EQ(world.StateOf(training), JobState::kRunning);
  EXPECT_EQ(world.scheduler.Wanted("a").tasks.size(), 3U) << "the training and two previews";
}

TEST(Wanted, SetsAreNamedByTheirLeases) {
  World world;
  EXPECT_NE(world.scheduler.Wanted("nobody").version, 0U);
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  const uint64_t first = world.scheduler.Wanted("a").version;
  ASSERT_TRUE(world.Fail(job, FailureClass::kWorker).ok());
  world.Assign();
  EXPECT_NE(world.scheduler.Wanted("a").version, first) << "another attempt, another set";
}

TEST(Restart, GivesEveryLeaseItsFullTimeAgain) {
  World world;
  world.Add(MakeWorker("a", 1));
  world.SubmitTraining();
  world.Assign();
  Scheduler again(world.scheduler.settings());
  again.Load(world.scheduler.ToSnapshot(), world.now + 60'000);
  EXPECT_TRUE(again.Tick(world.now + 79'999).jobs.empty());
  EXPECT_EQ(again.Tick(world.now + 80'000).jobs.size(), 1U);
  EXPECT_EQ(again.Wanted("a").version, world.scheduler.Wanted("a").version);
}

}  // namespace
}  // namespace makeover
