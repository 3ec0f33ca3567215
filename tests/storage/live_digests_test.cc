// What is still needed of jobs that have ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "storage/catalog.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::UnorderedElementsAre;

constexpr TimeMs kKeptSince = 1'000;

class LiveDigestsTest : public testing::Test {
 protected:
  LiveDigestsTest() {
    absl::StatusOr<std::unique_ptr<Catalog>> catalog = Catalog::Open(dir_ / "catalog.db");
    EXPECT_TRUE(catalog.ok()) << catalog.status();
    catalog_ = *std::move(catalog);
  }

  // What the catalog needs of a job that names one blob in each place.
  std::set<std::string> Live(JobKind kind, JobState state, TimeMs end_ms) {
    Edit edit;
    Job& job = edit.jobs.emplace_back();
    job.id = 1;
    job.kind = kind;
    job.state = state;
    job.end_ms = end_ms;
    Task& task = edit.tasks.emplace_back();
    task.job = 1;
    task.input.digest = "input";
    task.output.digest = "output";
    task.manifest.digest = "manifest";
    task.checkpoint.digest = "checkpoint";
    EXPECT_TRUE(catalog_->Commit(edit).ok());
    return *catalog_->LiveDigests(
        kKeptSince, [](const Job& /*job*/) { return std::vector<std::string>{"spec"}; });
  }

  TempDir dir_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(LiveDigestsTest, AllOfAJobThatHasNotEnded) {
  for (const JobState state : {JobState::kQueued, JobState::kRunning, JobState::kPaused,
                               JobState::kCancelling, JobState::kHeld}) {
    EXPECT_THAT(Live(JobKind::kConvert, state, 0),
                UnorderedElementsAre("input", "output", "manifest", "checkpoint", "spec"));
  }
}

TEST_F(LiveDigestsTest, ResultsOfWhatSucceeded) {
  const auto results = UnorderedElementsAre("output", "manifest");
  EXPECT_THAT(Live(JobKind::kConvert, JobState::kSucceeded, kKeptSince), results);
  EXPECT_THAT(Live(JobKind::kConvert, JobState::kSucceeded, kKeptSince - 1),
              UnorderedElementsAre());
  EXPECT_THAT(Live(JobKind::kPreview, JobState::kSucceeded, kKeptSince), results);
  EXPECT_THAT(Live(JobKind::kPreview, JobState::kSucceeded, kKeptSince - 1),
              UnorderedElementsAre());
  EXPECT_THAT(Live(JobKind::kEvaluate, JobState::kSucceeded, kKeptSince - 1), results)
      << "an evaluation's figures are shown with its job";
}

TEST_F(LiveDigestsTest, WhatARetryWouldNeed) {
  for (const JobState state : {JobState::kFailed, JobState::kCancelled}) {
    EXPECT_THAT(Live(JobKind::kConvert, state, kKeptSince),
                UnorderedElementsAre("input", "output", "manifest", "spec"));
    EXPECT_THAT(Live(JobKind::kConvert, state, kKeptSince - 1), UnorderedElementsAre());
  }
}

}  // namespace
}  // namespace makeover
