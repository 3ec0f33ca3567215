// What a job and its tasks go through.
#include <gtest/gtest.h>

#include "coordinator/job_state.h"
#include "tests/coordinator/scheduler_world.h"

namespace makeover {
namespace {

TEST(JobState, FollowsFromTasksAndWish) {
  constexpr auto kRun = JobWish::kRun;
  constexpr auto kPause = JobWish::kPause;
  constexpr auto kCancel = JobWish::kCancel;
  struct Case {
    JobWish wish;
    TaskCounts counts;
    JobState state;
  };
  const Case cases[] = {
      {kRun, {.pending = 1}, JobState::kQueued},
      {kRun, {.pending = 1, .succeeded = 1}, JobState::kQueued},
      {kRun, {.pending = 1, .leased = 1}, JobState::kRunning},
      {kRun, {.succeeded = 2}, JobState::kSucceeded},
      {kRun, {.leased = 1, .failed = 1}, JobState::kCancelling},
      {kRun, {.succeeded = 1, .failed = 1, .cancelled = 1}, JobState::kFailed},
      {kRun, {.pending = 1, .held = 1}, JobState::kQueued},
      {kRun, {.leased = 1, .held = 1}, JobState::kRunning},
      {kRun, {.succeeded = 1, .held = 1}, JobState::kHeld},
      {kPause, {.pending = 1}, JobState::kPaused},
      {kPause, {.pending = 1, .leased = 1}, JobState::kRunning},
      {kPause, {.succeeded = 1}, JobState::kSucceeded},
      {kCancel, {.leased = 1, .cancelled = 1}, JobState::kCancelling},
      {kCancel, {.succeeded = 1, .cancelled = 1}, JobState::kCancelled},
      {kCancel, {.succeeded = 1}, JobState::kSucceeded},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(StateOfJob(one.wish, one.counts), one.state) << (&one - cases);
  }
}

TEST(Jobs, GoFromQueuedOverRunningToSucceeded) {
  World world;
  const JobId job = world.SubmitTraining();
  EXPECT_EQ(job, 1U);
  EXPECT_EQ(world.StateOf(job), JobState::kQueued);
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kQueued) << "there is no worker";
  world.Add(MakeWorker("a", 1));
  world.now += 10;
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kRunning);
  EXPECT_EQ(world.job(job).start_ms, world.now);
  EXPECT_EQ(world.task(job).attempt, 1U);
  ASSERT_EQ(world.last.attempts.size(), 1U);
  EXPECT_EQ(world.last.attempts[0].outcome, AttemptOutcome::kRunning);
  world.now += 10;
  ASSERT_TRUE(world.Succeed(job).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kSucceeded);
  EXPECT_EQ(world.job(job).end_ms, world.now);
  EXPECT_TRUE(world.scheduler.state().jobs.empty());
  EXPECT_TRUE(world.scheduler.state().tasks.empty());
  EXPECT_EQ(world.scheduler.state().workers.at("a").tasks_succeeded, 1U);
}

TEST(Failures, OfTheUserAreFinal) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  ASSERT_TRUE(world.Fail(job, FailureClass::kUser).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kFailed);
  EXPECT_EQ(world.job(job).failure, MakeFailure(FailureClass::kUser));
}

TEST(Failures, OfTheTaskBackOffThenHold) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  for (const TimeMs wait_ms : {1'000, 4'000}) {
    world.Assign();
    ASSERT_TRUE(world.Fail(job, FailureClass::kTask).ok());
    EXPECT_EQ(world.StateOf(job), JobState::kQueued);
    EXPECT_EQ(world.task(job).not_before_ms, world.now + wait_ms);
    EXPECT_EQ(world.scheduler.NextDeadline(world.now), world.now + wait_ms);
    world.now += wait_ms - 1;
    world.Assign();
    EXPECT_EQ(world.StateOf(job), JobState::kQueued) << "too early";
    world.now += 1;
  }
  world.Assign();
  ASSERT_TRUE(world.Fail(job, FailureClass::kTask).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kHeld);
  EXPECT_NE(world.job(job).failure.message.find("failed 3 times"), std::string::npos);
  EXPECT_NE(world.job(job).failure.advice.find("mkctl jobs retry 1"), std::string::npos);
}

TEST(Failures, OfAnUnknownClassCountAgainstTheTask) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  ASSERT_TRUE(world.Fail(job, FailureClass::kNone).ok());
  EXPECT_EQ(world.task(job).task_failures, 1U);
  EXPECT_EQ(world.task(job).failure.failure_class, FailureClass::kTask);
}

TEST(Failures, AreForgottenWithProgress) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  for (int i = 0; i < 5; ++i) {
    world.Assign();
    TaskReport report = world.ReportOf(job);
    const auto step = static_cast<uint32_t>(100 * (i + 1));
    report.checkpoints.push_back({.job = 99, .step = step, .blob = {"digest", 7}, .create_ms = 0});
    ASSERT_TRUE(world.Do(world.scheduler.Report(report, std::nullopt, world.now)).ok());
    EXPECT_EQ(world.last.checkpoints.at(0).job, job) << "the lease says which job it is";
    EXPECT_EQ(world.task(job).step, step);
    EXPECT_EQ(world.task(job).task_failures, 0U);
    EXPECT_TRUE(world.task(job).avoid.empty());
    ASSERT_TRUE(world.Fail(job, FailureClass::kTask).ok());
    EXPECT_EQ(world.StateOf(job), JobState::kQueued) << "never held";
    world.now += 1'000;
    ASSERT_TRUE(world.Do(world.scheduler.ResumeWorker("a", world.now)).ok());
  }
}

TEST(Failures, AnOlderCheckpointDoesNotTurnBackTheTask) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  TaskReport report = world.ReportOf(job);
  report.checkpoints.push_back({.job = 0, .step = 200, .blob = {"new", 7}, .create_ms = 0});
  report.checkpoints.push_back({.job = 0, .step = 100, .blob = {"old", 7}, .create_ms = 0});
  ASSERT_TRUE(world.Do(world.scheduler.Report(report, std::nullopt, world.now)).ok());
  EXPECT_EQ(world.task(job).checkpoint.digest, "new");
}

TEST(Failures, OfTheWorkerAreRetriedAtOnceUpToALimit) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  for (uint32_t i = 1; i <= world.scheduler.settings().worker_losses_max; ++i) {
    world.Assign();
    ASSERT_EQ(world.task(job).attempt, i);
    ASSERT_TRUE(world.Fail(job, FailureClass::kWorker).ok());
  }
  EXPECT_EQ(world.StateOf(job), JobState::kQueued);
  world.Assign();
  ASSERT_TRUE(world.Fail(job, FailureClass::kWorker).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kHeld);
}

TEST(Failures, OfTheStorageWaitForEver) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  for (int i = 0; i < 30; ++i) {
    world.Assign();
    ASSERT_TRUE(world.Fail(job, FailureClass::kStorage).ok());
    ASSERT_EQ(world.task(job).not_before_ms, world.now + 30'000);
    world.now += 30'000;
    ASSERT_TRUE(world.Beat("a", {}).ok());
  }
  EXPECT_EQ(world.StateOf(job), JobState::kQueued);
}

TEST(Failures, AWorkerIsAvoidedWhileThereIsAnother) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  ASSERT_TRUE(world.Fail(job, FailureClass::kTask).ok());
  world.Add(MakeWorker("b", 1));
  world.now += 1'000;
  world.Assign();
  EXPECT_EQ(world.task(job).worker, "b");
  ASSERT_TRUE(world.Fail(job, FailureClass::kTask).ok());
  world.now += 4'000;
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kRunning) << "it failed on both: none is better";
}

TEST(Failures, DifferentTasksInARowCordonTheWorker) {
  World world;
  world.Add(MakeWorker("a", 1));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world.scheduler.state().workers.at("a").mode, WorkerMode::kActive);
    const JobId job = world.SubmitTraining();
    world.Assign();
    ASSERT_TRUE(world.Fail(job, FailureClass::kTask).ok());
    ASSERT_TRUE(world.Do(world.scheduler.Cancel(job, world.now)).ok());
  }
  EXPECT_EQ(world.scheduler.state().workers.at("a").mode, WorkerMode::kCordoned);
  const JobId waits = world.SubmitTraining();
  world.Assign();
  EXPECT_EQ(world.StateOf(waits), JobState::kQueued);
  EXPECT_NE(world.scheduler.Explain(waits, world.now).at(0).what.find("a is cordoned"),
            std::string::npos);
  ASSERT_TRUE(world.Do(world.scheduler.ResumeWorker("a", world.now)).ok());
  world.Assign();
  EXPECT_EQ(world.StateOf(waits), JobState::kRunning);
}

TEST(Failures, OneForGoodEndsTheOthersOfTheJob) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.Submit(MakeJob(JobKind::kConvert), 3);
  world.Assign();
  EXPECT_EQ(world.scheduler.Wanted("a").tasks.size(), 2U);
  ASSERT_TRUE(world.Fail(job, FailureClass::kUser, 0).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kCancelling);
  EXPECT_EQ(world.task(job, 2).state, TaskState::kCancelled);
  EXPECT_TRUE(world.scheduler.Wanted("a").tasks.empty());
  ASSERT_TRUE(world.Succeed(job, 1).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kFailed);
  EXPECT_EQ(world.task(job, 1).state, TaskState::kSucceeded) << "what was done is done";
}

// Three failures of the only task.
JobId HeldJob(World& world) {
  const JobId job = world.SubmitTraining();
  for (int i = 0; i < 3; ++i) {
    world.Assign();
    EXPECT_TRUE(world.Fail(job, FailureClass::kTask).ok());
    world.now += 4'000;
  }
  return job;
}

TEST(Held, IsNeitherPausedNorResumedButRetried) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = HeldJob(world);
  ASSERT_EQ(world.StateOf(job), JobState::kHeld);
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kHeld);
  EXPECT_TRUE(absl::IsFailedPrecondition(world.Do(world.scheduler.Pause(job, world.now))));
  EXPECT_TRUE(absl::IsFailedPrecondition(world.Do(world.scheduler.Resume(job, world.now))));
  ASSERT_TRUE(world.Do(world.scheduler.Retry(job, world.now)).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kQueued);
  EXPECT_EQ(world.job(job).failure, Failure{});
  world.Assign();
  EXPECT_EQ(world.task(job).attempt, 4U) << "numbers only rise";
  EXPECT_TRUE(absl::IsFailedPrecondition(world.Do(world.scheduler.Retry(job, world.now))));
}

TEST(Held, IsCancelledAtOnce) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = HeldJob(world);
  ASSERT_TRUE(world.Do(world.scheduler.Cancel(job, world.now)).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kCancelled);
}

TEST(Wishes, CancelBeforeTheBeginEndsAtOnce) {
  World world;
  const JobId job = world.SubmitTraining();
  ASSERT_TRUE(world.Do(world.scheduler.Cancel(job, world.now)).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kCancelled);
  EXPECT_TRUE(absl::IsNotFound(world.Do(world.scheduler.Cancel(job, world.now))));
}

TEST(Wishes, CancelOfARunningJobWaitsForItsWorker) {
  const OutcomeKind ends[] = {OutcomeKind::kReleased, OutcomeKind::kFailed};
  for (const OutcomeKind end : ends) {
    World world;
    world.Add(MakeWorker("a", 1));
    const JobId job = world.SubmitTraining();
    world.Assign();
    ASSERT_TRUE(world.Do(world.scheduler.Cancel(job, world.now)).ok());
    EXPECT_TRUE(NothingToCommit(*world.scheduler.Cancel(job, world.now))) << "asking twice";
    EXPECT_EQ(world.StateOf(job), JobState::kCancelling);
    EXPECT_TRUE(world.scheduler.Wanted("a").tasks.empty());
    EXPECT_TRUE(absl::IsFailedPrecondition(world.Do(world.scheduler.Pause(job, world.now))));
    EXPECT_TRUE(absl::IsFailedPrecondition(world.Do(world.scheduler.Resume(job, world.now))));
    ASSERT_TRUE(world.End(job, end, FailureClass::kTask).ok());
    EXPECT_EQ(world.StateOf(job), JobState::kCancelled);
  }
}

TEST(Wishes, CancelThatComesTooLateLeavesTheSuccess) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  ASSERT_TRUE(world.Do(world.scheduler.Cancel(job, world.now)).ok());
  ASSERT_TRUE(world.Succeed(job).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kSucceeded);
}

TEST(Wishes, PauseTakesTheLeaseBackAndResumeGoesOnElsewhere) {
  World world;
  world.Add(MakeWorker("a", 1));
  const JobId job = world.SubmitTraining();
  world.Assign();
  ASSERT_TRUE(world.Do(world.scheduler.Pause(job, world.now)).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kRunning) << "its worker is saving";
  EXPECT_TRUE(world.scheduler.Wanted("a").tasks.empty());
  ASSERT_TRUE(world.End(job, OutcomeKind::kReleased).ok());
  EXPECT_EQ(world.StateOf(job), JobState::kPaused);
  world.Assign();
  EXPECT_EQ(world.StateOf(job), JobState::kPaused);
  EXPECT_TRUE(NothingToCommit(*world.scheduler.Pause(job, world.now))) << "asking twice";
  ASSERT_TRUE(world.Do(world.scheduler.Drain("a", world.now)).ok());
  world.Add(MakeWorker("b", 1));
  ASSERT_TRUE(world.Do(world.scheduler.Resume(job, world.now)).ok());
  world.Assign();
  EXPECT_EQ(world.task(job).worker, "b");
  EXPECT_EQ(world.task(job).attempt, 2U);
  EXPECT_TRUE(NothingToCommit(*world.scheduler.Resume(job, world.now)));
}

TEST(After, WaitsForSuccess) {
  World world;
  world.Add(MakeWorker("a", 2));
  const JobId first = world.SubmitTraining();
  Job job = MakeJob(JobKind::kTrain);
  job.after_job = first;
  const JobId second = world.Submit(job);
  world.Assign();
  EXPECT_EQ(world.StateOf(second), JobState::kQueued);
  EXPECT_NE(world.scheduler.Explain(second, world.now).at(0).what.find("after job 1"),
            std::string::npos);
  ASSERT_TRUE(world.Succeed(first).ok());
  world.Assign();
  EXPECT_EQ(world.StateOf(second), JobState::kRunning);
}

TEST(After, AChainFailsWithItsFirst) {
  World world;
  const JobId first = world.SubmitTraining();
  Job job = MakeJob(JobKind::kConvert);
  job.after_job = first;
  const JobId second = world.Submit(job, 3);
  job.after_job = second;
  const JobId third = world.Submit(job);
  ASSERT_TRUE(world.Do(world.scheduler.Pause(third, world.now)).ok());
  ASSERT_TRUE(world.Do(world.scheduler.Cancel(first, world.now)).ok());
  EXPECT_EQ(world.StateOf(first), JobState::kCancelled);
  EXPECT_EQ(world.StateOf(second), JobState::kFailed);
  EXPECT_EQ(world.job(second).failure.code, "AFTER_JOB_FAILED");
  EXPECT_EQ(world.StateOf(third), JobState::kFailed);
}

TEST(After, AJobThatHasEnded) {
  World world;
  Job job = MakeJob(JobKind::kTrain);
  job.after_job = 7;
  const auto submit = [&](std::optional<JobState> after) {
    return world.scheduler.SubmitJob(job, std::vector<Task>(1), after, world.now).status();
  };
  EXPECT_TRUE(absl::IsNotFound(submit(std::nullopt)));
  EXPECT_TRUE(absl::IsFailedPrecondition(submit(JobState::kFailed)));
  EXPECT_TRUE(absl::IsFailedPrecondition(submit(JobState::kCancelled)));
  EXPECT_TRUE(submit(JobState::kSucceeded).ok());
}

}  // namespace
}  // namespace makeover
