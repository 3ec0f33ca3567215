#include "storage/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "storage/filter.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::string Digest(int n) { return absl::StrCat(std::string(60, 'a'), 1000 + n); }

Failure SomeFailure() { return {FailureClass::kTask, "ENGINE_CRASHED", "it crashed", "try again"}; }

// A record of each kind with a value of its own in every field.
Job FullJob(JobId id, JobState state = JobState::kRunning) {
  Job job;
  job.id = id;
  job.kind = JobKind::kConvert;
  job.state = state;
  job.wish = JobWish::kPause;
  job.request_id = absl::StrCat("request-", id);
  job.owner = "ann";
  job.description = "convert 'some' \"faces\"; DROP TABLE jobs";
  job.priority = -3;
  job.after_job = 1;
  job.devices_per_task = 2;
  job.task_count = 1;
  job.create_ms = 1700000000123;
  job.start_ms = 1700000000456;
  job.end_ms = 1700000000789;
  job.failure = SomeFailure();
  job.dataset = "celeba";
  job.model = "pretty";
  job.spec = std::string("\0\x01\xff spec", 8);
  job.files_skipped = 4;
  return job;
}

Task FullTask(JobId job, uint32_t index = 0) {
  Task task;
  task.job = job;
  task.index = index;
  task.state = TaskState::kLeased;
  task.attempt = 3;
  task.worker = "box-1";
  task.devices = {"cuda:0", "cuda:1"};
  task.leased_ms = 77;
  task.not_before_ms = 1700000000000;
  task.task_failures = 1;
  task.worker_losses = 2;
  task.avoid = {"box-2", "", "7:x"};
  task.failure = SomeFailure();
  task.input = {Digest(1), 11};
  task.files = 100;
  task.output = {Digest(2), 22};
  task.manifest = {Digest(3), 33};
  task.files_done = 90;
  task.files_failed = 5;
  task.step = 600;
  task.checkpoint = {Digest(4), 44};
  return task;
}

Attempt FullAttempt(JobId job, uint32_t attempt) {
  return {job, 0, attempt, "box-1", {"cpu"}, 5 + attempt, 9, AttemptOutcome::kLost, SomeFailure()};
}

Worker FullWorker(const std::string& name) {
  Worker worker;
  worker.name = name;
  worker.identity = "random";
  worker.mode = WorkerMode::kCordoned;
  worker.lost = true;
  worker.devices = {{"cuda:0", "cuda", "a fast one", int64_t{80} << 30, true},
                    {"cpu", "cpu", "", 0, false}};
  worker.register_ms = 12;
  worker.version = "0.1.0";
  worker.tasks_succeeded = 8;
  worker.tasks_failed = 9;
  worker.failures_in_a_row = 3;
  worker.reason = "three failures in a row";
  return worker;
}

Item SomeItem(uint32_t row, uint64_t attributes) {
  return {
      absl::StrCat("pictures/", row, ".jpg"), 0, 512 + row * int64_t{1024}, 100, attributes, 0, 7};
}

class CatalogTest : public testing::Test {
 protected:
  CatalogTest() { Open(); }

  void Open() {
    catalog_.reset();
    auto catalog = Catalog::Open(dir_ / "catalog.sqlite");
    ASSERT_TRUE(catalog.ok()) << catalog.status();
    catalog_ = *std::move(catalog);
  }

  void Commit(const Edit& edit) {
    const absl::Status status = catalog_->Commit(edit);
    ASSERT_TRUE(status.ok()) << status;
  }

  void CommitJob(const Job& job) {
    Edit edit;
    edit.jobs = {job};
    edit.tasks = {FullTask(job.id)};
    Commit(edit);
  }

  // A dataset with one shard of the given attribute bits.
  uint32_t Import(const std::vector<uint64_t>& bits, const std::string& name = "faces",
                  int attributes = 3) {
    Dataset dataset;
    dataset.name = name;
    for (int i = 0; i < attributes; ++i) dataset.attributes.push_back(absl::StrCat("a", i));
    const absl::StatusOr<uint32_t> id = catalog_->CreateDataset(dataset);
    EXPECT_TRUE(id.ok()) << id.status();
    std::vector<Item> items;
    for (const uint64_t word : bits) {
      items.push_back(SomeItem(static_cast<uint32_t>(items.size()), word));
    }
    const Shard shard{*id, 0, {Digest(9), 1 << 20}, static_cast<uint32_t>(items.size())};
    const absl::Status added = catalog_->AddShard(shard, items);
    EXPECT_TRUE(added.ok()) << added;
    return *id;
  }

  std::vector<std::string> Problems() {
    auto problems = catalog_->CheckIntegrity();
    EXPECT_TRUE(problems.ok()) << problems.status();
    return *problems;
  }

  TempDir dir_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(CatalogTest, EveryFieldComesBackAfterAnotherOpen) {
  Edit edit;
  edit.jobs = {FullJob(1)};
  edit.tasks = {FullTask(1)};
  edit.attempts = {FullAttempt(1, 2), FullAttempt(1, 3)};
  edit.workers = {FullWorker("box-1")};
  edit.checkpoints = {{1, 600, {Digest(5), 55}, 66}};
  edit.samples = {{1, 200, {Digest(6), 77}}};
  edit.metrics = {{1, 10, {{"generator", 0.1}, {"pixel", 1e-300}}}};
  edit.models = {{"pretty", 1, 600, 88}};
  Commit(edit);
  Open();
  EXPECT_EQ(*catalog_->GetJob(1), edit.jobs[0]);
  EXPECT_THAT(*catalog_->ListTasks(1), ElementsAre(edit.tasks[0]));
  EXPECT_THAT(*catalog_->ListAttempts(1, 10), ElementsAre(edit.attempts[0], edit.attempts[1]));
  EXPECT_THAT(*catalog_->ListAttempts(1, 1), ElementsAre(edit.attempts[1]));
  EXPECT_EQ(**catalog_->FindAttempt(1, 0, 3), edit.attempts[1]);
  EXPECT_EQ(*catalog_->FindAttempt(1, 0, 4), std::nullopt);
  EXPECT_THAT(*catalog_->ListCheckpoints(1), ElementsAre(edit.checkpoints[0]));
  EXPECT_THAT(*catalog_->ListSamples(1), ElementsAre(edit.samples[0]));
  EXPECT_THAT(*catalog_->ListMetrics(1, 0, 10), ElementsAre(edit.metrics[0]));
  EXPECT_EQ(*catalog_->GetModel("pretty"), edit.models[0]);
  const absl::StatusOr<Snapshot> snapshot = catalog_->Load();
  EXPECT_THAT(snapshot->jobs, ElementsAre(edit.jobs[0]));
  EXPECT_THAT(snapshot->tasks, ElementsAre(edit.tasks[0]));
  EXPECT_THAT(snapshot->workers, ElementsAre(edit.workers[0]));
  EXPECT_EQ(snapshot->next_job, 2u);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(CatalogTest, ARecordReplacesTheOneWithItsKey) {
  CommitJob(FullJob(1));
  Job job = FullJob(1);
  job.state = JobState::kSucceeded;
  job.spec.clear();
  Edit edit;
  edit.jobs = {job};
  Commit(edit);
  EXPECT_EQ(*catalog_->GetJob(1), job);
  EXPECT_THAT(*catalog_->ListTasks(1), ElementsAre(FullTask(1)));
}

TEST_F(CatalogTest, LoadLeavesOutWhatHasEnded) {
  const JobState states[] = {JobState::kQueued,     JobState::kRunning,   JobState::kPaused,
                             JobState::kCancelling, JobState::kSucceeded, JobState::kFailed,
                             JobState::kCancelled,  JobState::kHeld};
  for (JobId id = 1; id <= 8; ++id) CommitJob(FullJob(id, states[id - 1]));
  const absl::StatusOr<Snapshot> snapshot = catalog_->Load();
  std::vector<JobId> jobs;
  for (const Job& job : snapshot->jobs) jobs.push_back(job.id);
  EXPECT_THAT(jobs, ElementsAre(1, 2, 3, 4, 8));
  EXPECT_EQ(snapshot->tasks.size(), 5u);
  EXPECT_EQ(snapshot->next_job, 9u);
  EXPECT_EQ(catalog_->CountJobs()->at(JobState::kHeld), 1u);
  EXPECT_EQ(catalog_->CountJobs()->size(), 8u);
}

TEST_F(CatalogTest, AnEditIsWholeOrNothing) {
  CommitJob(FullJob(1));
  Edit edit;
  edit.jobs = {FullJob(2), FullJob(3)};
  edit.jobs[1].request_id = "request-1";  // taken by job 1
  EXPECT_FALSE(catalog_->Commit(edit).ok());
  EXPECT_TRUE(absl::IsNotFound(catalog_->GetJob(2).status()));
  edit.jobs[1].request_id = "";
  Commit(edit);
  EXPECT_TRUE(catalog_->GetJob(3).ok());
}

TEST_F(CatalogTest, FindsAJobByItsRequest) {
  CommitJob(FullJob(1));
  EXPECT_EQ((*catalog_->FindJobByRequest("request-1"))->id, 1u);
  EXPECT_EQ(*catalog_->FindJobByRequest("other"), std::nullopt);
  EXPECT_EQ(*catalog_->FindJobByRequest(""), std::nullopt);
}

TEST_F(CatalogTest, ListsJobsByPages) {
  for (JobId id = 1; id <= 5; ++id) CommitJob(FullJob(id));
  const auto ids = [&](JobId before, uint32_t limit) {
    std::vector<JobId> found;
    const absl::StatusOr<std::vector<Job>> jobs = catalog_->ListJobs(before, limit);
    for (const Job& job : *jobs) found.push_back(job.id);
    return found;
  };
  EXPECT_THAT(ids(0, 2), ElementsAre(5, 4));
  EXPECT_THAT(ids(4, 2), ElementsAre(3, 2));
  EXPECT_THAT(ids(2, 2), ElementsAre(1));
}

TEST_F(CatalogTest, SumsUpManyJobs) {
  Edit edit;
  edit.jobs = {FullJob(1), FullJob(2)};
  edit.tasks = {FullTask(1, 0), FullTask(1, 1), FullTask(2, 0)};
  edit.tasks[1].state = TaskState::kSucceeded;
  edit.metrics = {{2, 610, {}}, {2, 620, {}}};
  edit.checkpoints = {{1, 700, {Digest(1), 1}, 0}};
  Commit(edit);
  const std::map<JobId, Catalog::JobTotals> totals = *catalog_->TotalsOfJobs(1, 2);
  EXPECT_EQ(totals.at(1).attempts, 6u);
  EXPECT_EQ(totals.at(1).tasks_done, 1u);
  EXPECT_EQ(totals.at(1).files, 200u);
  EXPECT_EQ(totals.at(1).files_done, 180u);
  EXPECT_EQ(totals.at(1).files_failed, 10u);
  EXPECT_EQ(totals.at(1).step, 700u);
  EXPECT_EQ(totals.at(2).step, 620u);
  EXPECT_EQ(catalog_->TotalsOfJobs(2, 2)->size(), 1u);
}

TEST_F(CatalogTest, ListsMetricsByPages) {
  CommitJob(FullJob(1));
  Edit edit;
  for (uint32_t step = 10; step <= 50; step += 10) {
    edit.metrics.push_back({1, step, {{"loss", 1.0 / step}, {"nan", std::nan("")}}});
  }
  Commit(edit);
  EXPECT_EQ(catalog_->ListMetrics(1, 10, 2)->front().step, 20u);
  EXPECT_EQ(catalog_->ListMetrics(1, 10, 2)->size(), 2u);
  const std::optional<Metric> last = *catalog_->LastMetric(1);
  EXPECT_EQ(last->step, 50u);
  EXPECT_EQ(last->values.at("loss"), 1.0 / 50);
  EXPECT_TRUE(std::isnan(last->values.at("nan")));
  EXPECT_EQ(*catalog_->LastMetric(2), std::nullopt);
}

TEST_F(CatalogTest, RemovesWhatAnEditRemoves) {
  Edit edit;
  edit.jobs = {FullJob(1)};
  edit.tasks = {FullTask(1)};
  edit.workers = {FullWorker("a"), FullWorker("b")};
  edit.models = {{"m", 1, 0, 1}, {"n", 1, 0, 2}};
  edit.checkpoints = {{1, 100, {Digest(1), 1}, 0}, {1, 200, {Digest(2), 1}, 0}};
  Commit(edit);
  const uint32_t dataset = Import({1, 2, 3});
  Edit removal;
  removal.removed_workers = {"a"};
  removal.removed_models = {"m"};
  removal.removed_checkpoints = {{1, 100, {}, 0}};
  removal.removed_datasets = {dataset};
  Commit(removal);
  EXPECT_THAT(catalog_->Load()->workers, ElementsAre(FullWorker("b")));
  EXPECT_TRUE(absl::IsNotFound(catalog_->GetModel("m").status()));
  EXPECT_THAT(*catalog_->ListModels(), ElementsAre(edit.models[1]));
  EXPECT_THAT(*catalog_->ListCheckpoints(1), ElementsAre(edit.checkpoints[1]));
  EXPECT_TRUE(absl::IsNotFound(catalog_->GetDataset("faces").status()));
  EXPECT_EQ(*catalog_->CountItems(dataset, Filter()), 0u);
  EXPECT_NE(Import({1}), dataset) << "the number of a removed dataset was given again";
}

TEST_F(CatalogTest, ADatasetGrowsByShards) {
  const uint32_t id = Import({1, 2, 3});
  const std::vector<Item> items{SomeItem(3, 4), SomeItem(4, 5)};
  Shard shard{id, 1, {Digest(8), 50000}, 2};
  EXPECT_TRUE(catalog_->AddShard(shard, items).ok());
  const absl::StatusOr<Dataset> dataset = catalog_->GetDataset("faces");
  EXPECT_EQ(dataset->items, 5u);
  EXPECT_EQ(dataset->shards, 2u);
  EXPECT_EQ(dataset->size, (1 << 20) + 50000);
  EXPECT_EQ(catalog_->ListShards(id)->at(1), shard);
  EXPECT_TRUE(catalog_->AddShard(shard, items).ok()) << "the same again";
  EXPECT_EQ(catalog_->GetDataset("faces")->items, 5u);
  shard.blob.digest = Digest(7);
  EXPECT_TRUE(absl::IsFailedPrecondition(catalog_->AddShard(shard, items)));
  shard.index = 3;
  const absl::Status skipped = catalog_->AddShard(shard, items);
  EXPECT_TRUE(absl::IsFailedPrecondition(skipped));
  EXPECT_THAT(skipped.message(), HasSubstr("the next shard of dataset faces is 2"));
  shard.index = 2;
  shard.items = 9;
  EXPECT_TRUE(absl::IsInvalidArgument(catalog_->AddShard(shard, items)));
  shard.dataset = 99;
  EXPECT_TRUE(absl::IsNotFound(catalog_->AddShard(shard, items)));
}

TEST_F(CatalogTest, RefusesASecondDatasetOfTheName) {
  Import({1});
  Dataset dataset;
  dataset.name = "faces";
  EXPECT_TRUE(absl::IsAlreadyExists(catalog_->CreateDataset(dataset).status()));
  EXPECT_EQ(catalog_->ListDatasets()->size(), 1u);
}

TEST_F(CatalogTest, AChangedDatasetKeepsItsRows) {
  const uint32_t id = Import({1, 2, 3});
  Edit edit;
  edit.datasets = {*catalog_->GetDataset("faces")};
  edit.datasets[0].state = DatasetState::kReady;
  edit.datasets[0].index = {Digest(3), 3};
  edit.datasets[0].quarantined = 1;
  edit.datasets[0].failure = SomeFailure();
  edit.quarantined = {{id, 1, "not a JPEG"}, {id, 77, "no such row"}};
  Commit(edit);
  EXPECT_EQ(*catalog_->GetDataset("faces"), edit.datasets[0]);
  EXPECT_EQ(*catalog_->CountItems(id, Filter()), 2u);
  EXPECT_THAT(*catalog_->ListQuarantined(id, 10), ElementsAre(edit.quarantined[0]));
  EXPECT_THAT(*catalog_->CountAttributes(id), ElementsAre(2, 1, 0));
  uint32_t rows = 0;
  EXPECT_TRUE(catalog_
                  ->ForEachItem(id,
                                [&](uint32_t row, const Item& item) {
                                  EXPECT_EQ(item, SomeItem(row, row + 1));
                                  ++rows;
                                  return absl::OkStatus();
                                })
                  .ok());
  EXPECT_EQ(rows, 3u);
  EXPECT_EQ(
      catalog_->ForEachItem(id, [](uint32_t, const Item&) { return absl::AbortedError("enough"); }),
      absl::AbortedError("enough"));
}

// SQL and Filter::Matches are two evaluations of one expression: they must agree on every row.
TEST_F(CatalogTest, FiltersInSqlEqualFiltersInMemory) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> bits{0, ~uint64_t{0}, uint64_t{1} << 63};
  while (bits.size() < 500) bits.push_back(random());
  const uint32_t id = Import(bits, "faces", 64);
  const std::vector<std::string> names = catalog_->GetDataset("faces")->attributes;
  const std::vector<std::string> operators{" & ", " | ", ", ", " or ", " and !", " | !"};
  for (int round = 0; round < 100; ++round) {
    std::string expression = "a63";
    for (int i = 0; i < 6; ++i) {
      expression = absl::StrCat(round % 2 == 0 ? "!(" : "(", expression, ")",
                                operators[random() % operators.size()], names[random() % 64]);
    }
    const Outcome<Filter> filter = ParseFilter(expression, names);
    ASSERT_TRUE(filter.ok()) << filter.message();
    std::vector<uint32_t> expected;
    for (uint32_t row = 0; row < bits.size(); ++row) {
      if (filter->Matches(bits[row])) expected.push_back(row);
    }
    EXPECT_EQ(*catalog_->CountItems(id, *filter), expected.size()) << expression;
    std::vector<uint32_t> selected;
    const auto rows = catalog_->SelectRows(id, *filter);
    for (const Catalog::SelectedRow& row : *rows) {
      selected.push_back(row.row);
      EXPECT_EQ(row.partition, 0);
    }
    EXPECT_EQ(selected, expected) << expression;
  }
}

TEST_F(CatalogTest, TheLongestFilterIsNotTooDeepForSqlite) {
  const uint32_t id = Import({1});
  std::string expression = "a0";
  for (int i = 1; i < kFilterTermsMax; ++i) expression += "|a1";
  const Outcome<Filter> filter = ParseFilter(expression, {"a0", "a1"});
  ASSERT_TRUE(filter.ok()) << filter.message();
  const absl::StatusOr<uint32_t> count = catalog_->CountItems(id, *filter);
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count, 1u);
}

TEST_F(CatalogTest, TheDeepestFilterIsNotTooDeepForSqlite) {
  const uint32_t id = Import({1});
  std::string expression;
  for (int i = 0; i < kFilterDepthMax; ++i) expression += "a1 | a0 & !(";
  expression += "a1 | a0 & !a1" + std::string(kFilterDepthMax, ')');
  const Outcome<Filter> filter = ParseFilter(expression, {"a0", "a1"});
  ASSERT_TRUE(filter.ok()) << filter.message();
  const absl::StatusOr<uint32_t> count = catalog_->CountItems(id, *filter);
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count, filter->Matches(1) ? 1u : 0u);
}

TEST_F(CatalogTest, KnowsEveryLiveDigest) {
  Edit edit;
  edit.jobs = {FullJob(1)};
  edit.tasks = {FullTask(1)};
  edit.checkpoints = {{1, 600, {Digest(5), 55}, 66}};
  edit.samples = {{1, 200, {Digest(6), 77}}};
  Commit(edit);
  Import({1});
  edit = Edit();
  edit.datasets = {*catalog_->GetDataset("faces")};
  edit.datasets[0].index = {Digest(7), 1};
  Commit(edit);
  const auto live = catalog_->LiveDigests(0, [](const Job& job) {
    return std::vector<std::string>{"of-" + job.request_id, ""};
  });
  EXPECT_THAT(*live, UnorderedElementsAre(Digest(1), Digest(2), Digest(3), Digest(4), Digest(5),
                                          Digest(6), Digest(7), Digest(9), "of-request-1"));
}

TEST_F(CatalogTest, IntegrityNamesWhatIsWrong) {
  CommitJob(FullJob(1));
  Import({1, 2});
  Edit edit;
  edit.datasets = {*catalog_->GetDataset("faces")};
  edit.datasets[0].items = 3;
  edit.models = {{"lost", 1, 5, 0}};
  edit.attempts = {FullAttempt(1, 9)};
  edit.jobs = {FullJob(2)};
  edit.jobs[0].task_count = 2;
  Commit(edit);
  EXPECT_THAT(Problems(),
              UnorderedElementsAre(HasSubstr("number of pictures is wrong in dataset faces"),
                                   HasSubstr("rows are missing in dataset faces"),
                                   HasSubstr("missing of model lost"),
                                   HasSubstr("newer than its task in job 1"),
                                   HasSubstr("number of tasks is wrong in job 2")));
  EXPECT_EQ(*catalog_->CountRows(), 2u + 1 + 1 + 1 + 1 + 2 + 1);
}

TEST_F(CatalogTest, IntegrityFindsAPictureBeyondItsShard) {
  Dataset dataset;
  dataset.name = "faces";
  const uint32_t id = *catalog_->CreateDataset(dataset);
  ASSERT_TRUE(catalog_->AddShard({id, 0, {Digest(1), 600}, 1}, {SomeItem(0, 0)}).ok());
  EXPECT_THAT(Problems(), ElementsAre(HasSubstr("beyond its shard in dataset faces")));
}

TEST_F(CatalogTest, ABackupIsACatalog) {
  CommitJob(FullJob(1));
  ASSERT_TRUE(catalog_->Backup(dir_ / "copy.sqlite").ok());
  CommitJob(FullJob(2));
  const auto copy = Catalog::Open(dir_ / "copy.sqlite");
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ(*(*copy)->GetJob(1), FullJob(1));
  EXPECT_TRUE(absl::IsNotFound((*copy)->GetJob(2).status()));
  EXPECT_TRUE(absl::IsNotFound(catalog_->Backup(dir_ / "no/such/copy")));
}

TEST_F(CatalogTest, ReadersSeeWholeEditsWhileAnotherThreadWrites) {
  std::thread writer([&] {
    for (JobId id = 1; id <= 200; id += 2) {
      Edit edit;
      edit.jobs = {FullJob(id), FullJob(id + 1)};
      edit.tasks = {FullTask(id), FullTask(id + 1)};
      ASSERT_TRUE(catalog_->Commit(edit).ok());
    }
  });
  size_t seen = 0;
  while (seen < 200) {
    const absl::StatusOr<Snapshot> snapshot = catalog_->Load();
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    EXPECT_EQ(snapshot->jobs.size() % 2, 0u);
    EXPECT_EQ(snapshot->jobs.size(), snapshot->tasks.size());
    EXPECT_GE(snapshot->jobs.size(), seen);
    seen = snapshot->jobs.size();
  }
  writer.join();
  EXPECT_THAT(Problems(), IsEmpty());
}

}  // namespace
}  // namespace makeover
