// The nouns of the system as values: what the scheduler decides on and the catalog stores.
//
// Plain data without behaviour, without gRPC and without SQLite. Times are milliseconds since the
// epoch by the coordinator's clock; 0 means "not yet". Digests are SHA-256 as 64 lower-case
// hexadecimal digits; "" means none.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/dataset_records.h"
#include "storage/job_records.h"

namespace makeover {

// One decided change: committed in a single transaction, then applied to memory. Records replace
// those with the same key; they are put first, then what is removed goes.
struct Edit {
  std::vector<Job> jobs;
  std::vector<Task> tasks;
  std::vector<Attempt> attempts;
  std::vector<Worker> workers;
  std::vector<std::string> removed_workers;
  std::vector<Dataset> datasets;
  std::vector<uint32_t> removed_datasets;  // With shards, items and quarantine.
  std::vector<Quarantined> quarantined;
  std::vector<Checkpoint> checkpoints;
  std::vector<Checkpoint> removed_checkpoints;  // By job and step.
  std::vector<Sample> samples;
  std::vector<Metric> metrics;
  std::vector<Model> models;
  std::vector<std::string> removed_models;

  // Not stored: when a worker was last heard from, by the coordinator's clock. A restart gives
  // every lease its full time again.
  std::map<std::string, TimeMs> seen;
};

// True where there is nothing to store.
bool NothingToCommit(const Edit& edit);

// Makes `edit` what it and then `more` do, one after the other: what `more` puts is not removed
// any more, and what it removes is not put.
void Append(Edit more, Edit& edit);

// All that the scheduler needs after a start: jobs that are not terminal, with their tasks, and the
// workers; and the next job id.
struct Snapshot {
  std::vector<Job> jobs;    // Not terminal.
  std::vector<Task> tasks;  // Of those jobs.
  std::vector<Worker> workers;
  JobId next_job = 1;
};

}  // namespace makeover
