#include "storage/catalog.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/catalog_checks.h"
#include "storage/catalog_impl.h"
#include "storage/database.h"
#include "storage/rows.h"
#include "storage/schema.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr size_t kIdleReadersMax = 4;

absl::Status RemoveDatasets(Database* writer, const std::vector<uint32_t>& ids) {
  MK_ASSIGN_OR_RETURN(Statement statement, writer->Prepare("DELETE FROM datasets WHERE id = ?"));
  for (const uint32_t id : ids) {
    statement.BindInt(1, id);
    MK_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

absl::Status RemoveByName(Database* writer, const std::string& table,
                          const std::vector<std::string>& names) {
  MK_ASSIGN_OR_RETURN(Statement statement,
                      writer->Prepare(absl::StrCat("DELETE FROM ", table, " WHERE name = ?")));
  for (const std::string& name : names) {
    statement.BindText(1, name);
    MK_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

absl::Status RemoveCheckpoints(Database* writer, const std::vector<Checkpoint>& checkpoints) {
  MK_ASSIGN_OR_RETURN(Statement statement,
                      writer->Prepare("DELETE FROM checkpoints WHERE job = ? AND step = ?"));
  for (const Checkpoint& checkpoint : checkpoints) {
    statement.BindAll(checkpoint.job, checkpoint.step);
    MK_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

// A row that is gone with its dataset is passed over.
absl::Status Quarantine(Database* writer, const std::vector<Quarantined>& pictures) {
  MK_ASSIGN_OR_RETURN(
      Statement statement,
      writer->Prepare("UPDATE items SET quarantine = ? WHERE dataset = ? AND row = ?"));
  for (const Quarantined& picture : pictures) {
    const std::string reason = picture.reason.empty() ? "cannot be used" : picture.reason;
    statement.BindAll(reason, picture.dataset, picture.row);
    MK_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

// What is referred to is written before what refers to it.
absl::Status PutRecords(Database* writer, const Edit& edit) {
  MK_RETURN_IF_ERROR(PutAll(writer, edit.jobs));
  MK_RETURN_IF_ERROR(PutAll(writer, edit.tasks));
  MK_RETURN_IF_ERROR(PutAll(writer, edit.attempts));
  MK_RETURN_IF_ERROR(PutAll(writer, edit.workers));
  MK_RETURN_IF_ERROR(PutAll(writer, edit.datasets));
  MK_RETURN_IF_ERROR(PutAll(writer, edit.checkpoints));
  MK_RETURN_IF_ERROR(PutAll(writer, edit.samples));
  MK_RETURN_IF_ERROR(PutAll(writer, edit.metrics));
  return PutAll(writer, edit.models);
}

absl::Status Remove(Database* writer, const Edit& edit) {
  MK_RETURN_IF_ERROR(RemoveByName(writer, "workers", edit.removed_workers));
  MK_RETURN_IF_ERROR(RemoveByName(writer, "models", edit.removed_models));
  MK_RETURN_IF_ERROR(RemoveCheckpoints(writer, edit.removed_checkpoints));
  return RemoveDatasets(writer, edit.removed_datasets);
}

}  // namespace

absl::StatusOr<Catalog::Impl::Lease> Catalog::Impl::Reader() {
  {
    const absl::MutexLock lock(&readers_mutex);
    if (!idle_readers.empty()) {
      std::unique_ptr<Database> database = std::move(idle_readers.back());
      idle_readers.pop_back();
      return Lease(this, std::move(database));
    }
  }
  MK_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                      Database::Open(path, Database::Role::kReader));
  return Lease(this, std::move(database));
}

void Catalog::Impl::GiveBack(std::unique_ptr<Database> database) {
  const absl::MutexLock lock(&readers_mutex);
  if (idle_readers.size() < kIdleReadersMax) idle_readers.push_back(std::move(database));
}

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

absl::StatusOr<std::unique_ptr<Catalog>> Catalog::Open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  MK_ASSIGN_OR_RETURN(impl->writer, Database::Open(path, Database::Role::kWriter));
  MK_RETURN_IF_ERROR(Migrate(impl->writer.get(), path));
  MK_RETURN_IF_ERROR(CheckPages(impl->writer.get(), path));
  return std::unique_ptr<Catalog>(new Catalog(std::move(impl)));
}

absl::Status Catalog::Commit(const Edit& edit) {
  if (NothingToCommit(edit)) return absl::OkStatus();
  const absl::MutexLock lock(&impl_->write_mutex);
  Database* const writer = impl_->writer.get();
  MK_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(writer, Database::Role::kWriter));
  MK_RETURN_IF_ERROR(PutRecords(writer, edit));
  MK_RETURN_IF_ERROR(Quarantine(writer, edit.quarantined));
  MK_RETURN_IF_ERROR(Remove(writer, edit));
  return transaction.Commit();
}

absl::StatusOr<Snapshot> Catalog::Load() const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(const Transaction moment,
                      Transaction::Begin(reader.get(), Database::Role::kReader));
  Snapshot snapshot;
  MK_ASSIGN_OR_RETURN(snapshot.jobs,
                      SelectAll<Job>(reader.get(), "WHERE state NOT IN (5, 6, 7) ORDER BY id"));
  MK_ASSIGN_OR_RETURN(
      snapshot.tasks,
      SelectAll<Task>(
          reader.get(),
          "WHERE job IN (SELECT id FROM jobs WHERE state NOT IN (5, 6, 7)) ORDER BY job, idx"));
  MK_ASSIGN_OR_RETURN(snapshot.workers, SelectAll<Worker>(reader.get(), "ORDER BY name"));
  MK_ASSIGN_OR_RETURN(const int64_t newest,
                      reader->QueryInt("SELECT coalesce(max(id), 0) FROM jobs"));
  snapshot.next_job = static_cast<JobId>(newest + 1);
  return snapshot;
}

absl::Status Catalog::Backup(const std::string& path) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return reader->BackupTo(path);
}

}  // namespace makeover
