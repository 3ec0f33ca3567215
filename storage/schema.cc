#include "storage/schema.h"

#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

// Migration i brings version i to version i + 1. What is released here never changes; a change is a
// new entry.
constexpr std::array<const char*, 1> kMigrations = {
    R"sql(
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, state INTEGER NOT NULL, wish INTEGER NOT NULL,
  request_id TEXT NOT NULL, owner TEXT NOT NULL, description TEXT NOT NULL,
  priority INTEGER NOT NULL, after_job INTEGER NOT NULL, devices_per_task INTEGER NOT NULL,
  task_count INTEGER NOT NULL, create_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL, failure_class INTEGER NOT NULL, failure_code TEXT NOT NULL,
  failure_message TEXT NOT NULL, failure_advice TEXT NOT NULL, dataset TEXT NOT NULL,
  model TEXT NOT NULL, files_skipped INTEGER NOT NULL, spec BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX jobs_by_request ON jobs(request_id) WHERE request_id <> '';
CREATE INDEX jobs_unfinished ON jobs(id) WHERE state NOT IN (5, 6, 7);
CREATE INDEX jobs_by_state ON jobs(state);

CREATE TABLE tasks (
  job INTEGER NOT NULL REFERENCES jobs(id), idx INTEGER NOT NULL, state INTEGER NOT NULL,
  attempt INTEGER NOT NULL, worker TEXT NOT NULL, devices TEXT NOT NULL,
  leased_ms INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, task_failures INTEGER NOT NULL,
  worker_losses INTEGER NOT NULL, avoid TEXT NOT NULL, failure_class INTEGER NOT NULL,
  failure_code TEXT NOT NULL, failure_message TEXT NOT NULL, failure_advice TEXT NOT NULL,
  input_digest TEXT NOT NULL, input_size INTEGER NOT NULL, files INTEGER NOT NULL,
  output_digest TEXT NOT NULL, output_size INTEGER NOT NULL, manifest_digest TEXT NOT NULL,
  manifest_size INTEGER NOT NULL, files_done INTEGER NOT NULL, files_failed INTEGER NOT NULL,
  step INTEGER NOT NULL, checkpoint_digest TEXT NOT NULL, checkpoint_size INTEGER NOT NULL,
  PRIMARY KEY (job, idx)) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  job INTEGER NOT NULL, task INTEGER NOT NULL, attempt INTEGER NOT NULL, worker TEXT NOT NULL,
  devices TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
  outcome INTEGER NOT NULL, failure_class INTEGER NOT NULL, failure_code TEXT NOT NULL,
  failure_message TEXT NOT NULL, failure_advice TEXT NOT NULL,
  PRIMARY KEY (job, task, attempt),
  FOREIGN KEY (job, task) REFERENCES tasks(job, idx)) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
  name TEXT PRIMARY KEY, identity TEXT NOT NULL, mode INTEGER NOT NULL, lost INTEGER NOT NULL,
  devices TEXT NOT NULL, register_ms INTEGER NOT NULL, version TEXT NOT NULL,
  tasks_succeeded INTEGER NOT NULL, tasks_failed INTEGER NOT NULL,
  failures_in_a_row INTEGER NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number of a deleted dataset never names another one.
CREATE TABLE datasets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
  state INTEGER NOT NULL, attributes TEXT NOT NULL, create_ms INTEGER NOT NULL,
  items INTEGER NOT NULL, shards INTEGER NOT NULL, size INTEGER NOT NULL,
  quarantined INTEGER NOT NULL, content_digest TEXT NOT NULL, content_size INTEGER NOT NULL,
  prepare_job INTEGER NOT NULL, failure_class INTEGER NOT NULL, failure_code TEXT NOT NULL,
  failure_message TEXT NOT NULL, failure_advice TEXT NOT NULL) STRICT;

CREATE TABLE shards (
  dataset INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE, idx INTEGER NOT NULL,
  blob_digest TEXT NOT NULL, blob_size INTEGER NOT NULL, items INTEGER NOT NULL,
  PRIMARY KEY (dataset, idx)) STRICT, WITHOUT ROWID;

-- The columns that filters read stand first. quarantine: why the picture cannot be used, or empty.
CREATE TABLE items (
  dataset INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE, row INTEGER NOT NULL,
  attributes INTEGER NOT NULL, quarantine TEXT NOT NULL, partition INTEGER NOT NULL,
  identity INTEGER NOT NULL, shard INTEGER NOT NULL, offset INTEGER NOT NULL,
  size INTEGER NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (dataset, row)) STRICT, WITHOUT ROWID;
CREATE INDEX items_quarantined ON items(dataset, row) WHERE quarantine <> '';

CREATE TABLE checkpoints (
  job INTEGER NOT NULL REFERENCES jobs(id), step INTEGER NOT NULL, blob_digest TEXT NOT NULL,
  blob_size INTEGER NOT NULL, create_ms INTEGER NOT NULL,
  PRIMARY KEY (job, step)) STRICT, WITHOUT ROWID;

CREATE TABLE samples (
  job INTEGER NOT NULL REFERENCES jobs(id), step INTEGER NOT NULL, blob_digest TEXT NOT NULL,
  blob_size INTEGER NOT NULL,
  PRIMARY KEY (job, step)) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  job INTEGER NOT NULL REFERENCES jobs(id), step INTEGER NOT NULL, figures TEXT NOT NULL,
  PRIMARY KEY (job, step)) STRICT, WITHOUT ROWID;

CREATE TABLE models (
  name TEXT PRIMARY KEY, job INTEGER NOT NULL REFERENCES jobs(id), step INTEGER NOT NULL,
  create_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql",
};

absl::Status ForeignFile(const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, " is a database of another program; name another data folder"));
}

absl::Status NewerFile(const std::string& path, int64_t version) {
  return absl::FailedPreconditionError(absl::StrCat(
      path, " was written by a newer version of makeover (schema ", version, ", this one knows ",
      SchemaVersion(), "); install that version, or restore a backup that this one has made"));
}

absl::Status MigrateOnce(Database* writer, int64_t version) {
  MK_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(writer, Database::Role::kWriter));
  MK_RETURN_IF_ERROR(writer->Execute(kMigrations[static_cast<size_t>(version)]));
  MK_RETURN_IF_ERROR(writer->Execute(absl::StrCat("PRAGMA user_version=", version + 1)));
  return transaction.Commit();
}

}  // namespace

int SchemaVersion() { return static_cast<int>(kMigrations.size()); }

absl::Status Migrate(Database* writer, const std::string& path) {
  MK_ASSIGN_OR_RETURN(int64_t version, writer->QueryInt("PRAGMA user_version"));
  MK_ASSIGN_OR_RETURN(const int64_t tables, writer->QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (version > SchemaVersion()) return NewerFile(path, version);
  if (version < 0 || (version == 0 && tables > 0)) return ForeignFile(path);
  if (version > 0 && version < SchemaVersion()) {
    MK_RETURN_IF_ERROR(writer->BackupTo(absl::StrCat(path, ".v", version, ".bak")));
  }
  for (; version < SchemaVersion(); ++version) MK_RETURN_IF_ERROR(MigrateOnce(writer, version));
  return absl::OkStatus();
}

}  // namespace makeover
