// Records <-> rows: everything small that has to survive.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/records.h"

namespace makeover {

class Filter;

// The catalog of one coordinator, in one SQLite file (WAL, synchronous=FULL).
//
// What a writing method has answered OK for survives kill -9 and loss of power. Each writing method
// is one transaction. Thread-safe: writers take turns on the one writing connection; readers use
// query_only connections of their own and see the last commit.
//
// Errors, all methods: kResourceExhausted: the disk is full, nothing was changed. kDataLoss: the
// file is damaged. kNotFound as said. kUnknown: it is not known whether the commit took effect: the
// caller has to stop and start again from disk.
class Catalog {
 public:
  // Opens or creates the file; migrates an older one, after a backup beside it.
  // kFailedPrecondition: written by a newer version.
  static absl::StatusOr<std::unique_ptr<Catalog>> Open(const std::string& path);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Writing.
  absl::Status Commit(const Edit& edit);
  // Gives the id. kAlreadyExists.
  absl::StatusOr<uint32_t> CreateDataset(const Dataset& dataset);
  // Adds a shard with its rows; updates the dataset's counts. The same again is OK; another one at
  // its index: kFailedPrecondition.
  absl::Status AddShard(const Shard& shard, absl::Span<const Item> items);

  // What the scheduler starts from.
  absl::StatusOr<Snapshot> Load() const;

  // Jobs. kNotFound.
  absl::StatusOr<Job> GetJob(JobId id) const;
  absl::StatusOr<std::optional<Job>> FindJobByRequest(const std::string& request_id) const;
  // Newest first; ids below `before` where that is not 0.
  absl::StatusOr<std::vector<Job>> ListJobs(JobId before, uint32_t limit) const;
  absl::StatusOr<std::map<JobState, uint32_t>> CountJobs() const;
  absl::StatusOr<std::vector<Task>> ListTasks(JobId job) const;
  // Sums over a job's tasks: attempts, files, tasks done; for many jobs at once (a list of jobs is
  // two queries, not two thousand).
  struct JobTotals {
    uint32_t attempts = 0;
    uint32_t tasks_done = 0;
    uint32_t files = 0;
    uint32_t files_done = 0;
    uint32_t files_failed = 0;
    uint32_t step = 0;  // Training: of the newest metric or checkpoint.
  };
  absl::StatusOr<std::map<JobId, JobTotals>> TotalsOfJobs(JobId first, JobId last) const;
  // Oldest first, the newest `limit` of them.
  absl::StatusOr<std::vector<Attempt>> ListAttempts(JobId job, uint32_t limit) const;
  absl::StatusOr<std::optional<Attempt>> FindAttempt(JobId job, uint32_t task,
                                                     uint32_t attempt) const;
  // In order of steps.
  absl::StatusOr<std::vector<Checkpoint>> ListCheckpoints(JobId job) const;
  absl::StatusOr<std::vector<Sample>> ListSamples(JobId job) const;
  absl::StatusOr<std::vector<Metric>> ListMetrics(JobId job, uint32_t after_step,
                                                  uint32_t limit) const;
  absl::StatusOr<std::optional<Metric>> LastMetric(JobId job) const;

  // Models. kNotFound.
  absl::StatusOr<Model> GetModel(const std::string& name) const;
  absl::StatusOr<std::vector<Model>> ListModels() const;  // Newest first.

  // Datasets. kNotFound.
  absl::StatusOr<Dataset> GetDataset(const std::string& name) const;
  absl::StatusOr<std::vector<Dataset>> ListDatasets() const;  // By name.
  absl::StatusOr<std::vector<Shard>> ListShards(uint32_t dataset) const;
  // Rows that match; quarantined ones are not counted.
  absl::StatusOr<uint32_t> CountItems(uint32_t dataset, const Filter& filter) const;
  // Row numbers that match, ascending, quarantined ones left out; with each row's partition.
  struct SelectedRow {
    uint32_t row = 0;
    int partition = -1;
  };
  absl::StatusOr<std::vector<SelectedRow>> SelectRows(uint32_t dataset, const Filter& filter) const;
  // How many rows have each attribute, in the order of the dataset's attributes.
  absl::StatusOr<std::vector<uint32_t>> CountAttributes(uint32_t dataset) const;
  // Calls `visit` for each row in order, with bounded memory. A visitor's error ends it and is
  // returned.
  absl::Status ForEachItem(
      uint32_t dataset,
      const std::function<absl::Status(uint32_t row, const Item& item)>& visit) const;
  absl::StatusOr<std::vector<Quarantined>> ListQuarantined(uint32_t dataset, uint32_t limit) const;

  // Upkeep.
  // Every digest that is still needed: all that a record refers to, but of jobs that have ended
  // - no checkpoint of a task, because those that are kept have records of their own;
  // - inputs, and what `spec_digests` finds in Job::spec, only of those that did not succeed (they
  //   may be retried) and ended at `kept_since` or later;
  // - outputs of conversions and previews only of those that ended at `kept_since` or later.
  absl::StatusOr<std::set<std::string>> LiveDigests(
      TimeMs kept_since,
      const std::function<std::vector<std::string>(const Job&)>& spec_digests) const;
  // Sentences about what is damaged or refers to nothing; empty: all is well.
  absl::StatusOr<std::vector<std::string>> CheckIntegrity() const;
  absl::StatusOr<uint32_t> CountRows() const;
  // A whole, consistent, fsynced copy.
  absl::Status Backup(const std::string& path) const;

 private:
  struct Impl;
  explicit Catalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace makeover
