#include "client/job_view.h"

#include <gtest/gtest.h>

#include "client/worker_view.h"

namespace makeover {
namespace {

const TimePoint kNow{std::chrono::seconds(1'000'000)};

v1::Job Training() {
  v1::Job job;
  job.set_id(12);
  job.set_kind(v1::Job::TRAIN);
  job.set_state(v1::Job::RUNNING);
  job.set_owner("ada");
  job.set_description("blond from celeba");
  job.mutable_create_time()->set_seconds(1'000'000 - 7200);
  job.mutable_start_time()->set_seconds(1'000'000 - 3600);
  job.mutable_progress()->set_done(450);
  job.mutable_progress()->set_total(1000);
  job.mutable_progress()->set_unit("steps");
  job.mutable_progress()->set_rate_per_second(12.5);
  job.mutable_progress()->set_eta_seconds(44);
  job.set_step(450);
  job.mutable_losses()->set_generator(0.5);
  return job;
}

TEST(JobTable, OneLineAJob) {
  EXPECT_EQ(JobTable({Training()}, kNow, Painter(false), false),
            "ID  KIND   STATE    DONE  ETA  AGE       RAN  WHAT\n"
            "12  train  RUNNING   45%  44s  2h ago  1h00m  blond from celeba\n");
  EXPECT_EQ(JobTable({}, kNow, Painter(false), false), "There are no jobs.\n");
}

TEST(JobTable, WideHasMore) {
  v1::Job job = Training();
  job.set_attempts(3);
  job.set_tasks(1);
  const std::string table = JobTable({job}, kNow, Painter(false), true);
  EXPECT_EQ(table,
            "ID  KIND   STATE    DONE  ETA  AGE       RAN  OWNER  PRIORITY  ATTEMPTS  TASKS  WHAT\n"
            "12  train  RUNNING   45%  44s  2h ago  1h00m  ada           0         3    0/1  blond "
            "from celeba\n");
}

TEST(JobTable, ALongDescriptionIsCutExceptInWide) {
  v1::Job job = Training();
  job.set_description(std::string(200, 'w') + "\x1b[2J");
  EXPECT_NE(JobTable({job}, kNow, Painter(false), false).find("ww…\n"), std::string::npos);
  const std::string wide = JobTable({job}, kNow, Painter(false), true);
  EXPECT_NE(wide.find(std::string(200, 'w') + "?[2J\n"), std::string::npos);
}

TEST(JobProgress, CarriesTheLosses) {
  const ProgressView view = JobProgress(Training());
  EXPECT_EQ(view.label, "job 12 RUNNING");
  EXPECT_EQ(view.done, 450);
  EXPECT_EQ(view.note, "G 0.500  D 0.000  pixel 0.0000");
  EXPECT_EQ(view.eta_seconds, 44);
  v1::Job paused = Training();
  paused.set_state(v1::Job::PAUSED);
  EXPECT_LT(JobProgress(paused).eta_seconds, 0);
  EXPECT_EQ(JobProgress(paused).rate_per_second, 0);
}

TEST(JobDetail, OwnerAndDescriptionCannotMoveTheCursor) {
  v1::Job job = Training();
  job.set_owner("a\x1b[31m");
  job.set_description("d\x1b[2J");
  EXPECT_EQ(JobDetail(job, kNow, Painter(false)).find('\x1b'), std::string::npos);
  EXPECT_EQ(JobTable({job}, kNow, Painter(false), true).find('\x1b'), std::string::npos);
}

TEST(JobSummary, HowItEnded) {
  v1::Job job = Training();
  job.set_state(v1::Job::SUCCEEDED);
  job.mutable_end_time()->set_seconds(1'000'000 - 3600 + 5400);
  EXPECT_EQ(JobSummary(job), "Job 12 SUCCEEDED after 1h30m at step 450.");
  job.set_state(v1::Job::FAILED);
  job.mutable_failure()->set_code("ENGINE_CRASHED");
  job.mutable_failure()->set_message("The engine crashed.");
  job.mutable_failure()->set_advice("Read the logs.");
  EXPECT_EQ(JobSummary(job),
            "Job 12 FAILED after 1h30m at step 450. ENGINE_CRASHED: The engine crashed.\n"
            "Read the logs.");
}

TEST(JobStateName, PausingIsSaid) {
  v1::Job job = Training();
  EXPECT_EQ(JobStateName(job), "RUNNING");
  job.set_pausing(true);
  EXPECT_EQ(JobStateName(job), "PAUSING");
  job.set_state(v1::Job::PAUSED);
  EXPECT_EQ(JobStateName(job), "PAUSED");
}

TEST(SideText, EverybodyIsNoSign) {
  EXPECT_EQ(SideText(""), "everybody");
  EXPECT_EQ(SideText("*"), "everybody");
  EXPECT_EQ(SideText("(*) & !blurry"), "everybody & !blurry");
  EXPECT_EQ(SideText("(smiling) & !blurry"), "(smiling) & !blurry");
}

TEST(IsTerminal, ThreeStates) {
  for (int state = v1::Job::State_MIN; state <= v1::Job::State_MAX; ++state) {
    const bool expected =
        state == v1::Job::SUCCEEDED || state == v1::Job::FAILED || state == v1::Job::CANCELLED;
    EXPECT_EQ(IsTerminal(static_cast<v1::Job::State>(state)), expected) << state;
  }
}

TEST(WorkerTable, SaysWhatRuns) {
  v1::Worker worker;
  worker.set_name("w1");
  worker.set_state(v1::Worker::ACTIVE);
  worker.add_devices()->set_name("cpu");
  worker.mutable_last_seen_time()->set_seconds(1'000'000 - 3);
  EXPECT_EQ(WorkerTable({worker}, kNow, Painter(false), false),
            "NAME  STATE   DEVICES  SEEN    RUNS\n"
            "w1    ACTIVE  cpu      3s ago  idle\n");
}

}  // namespace
}  // namespace makeover
