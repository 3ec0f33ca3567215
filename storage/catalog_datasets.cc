#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/catalog.h"
#include "storage/catalog_impl.h"
#include "storage/filter.h"
#include "storage/rows.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::StatusOr<Dataset> FindDataset(Database* database, uint32_t id) {
  MK_ASSIGN_OR_RETURN(std::vector<Dataset> datasets,
                      SelectAll<Dataset>(database, "WHERE id = ?", id));
  if (datasets.empty()) return absl::NotFoundError(absl::StrCat("there is no dataset ", id));
  return std::move(datasets.front());
}

// OK: the next one. kAlreadyExists: the same shard is stored.
absl::Status CheckShard(Database* database, const Dataset& dataset, const Shard& shard,
                        size_t items) {
  if (shard.items != items) {
    return absl::InvalidArgumentError(absl::StrCat("shard ", shard.index, " of dataset ",
                                                   dataset.name, " says ", shard.items,
                                                   " pictures but brings ", items));
  }
  MK_ASSIGN_OR_RETURN(
      const std::vector<Shard> stored,
      SelectAll<Shard>(database, "WHERE dataset = ? AND idx = ?", shard.dataset, shard.index));
  if (stored.empty() && shard.index == dataset.shards) return absl::OkStatus();
  if (stored.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("the next shard of dataset ", dataset.name,
                                                      " is ", dataset.shards, ", not ", shard.index,
                                                      "; run the import again"));
  }
  if (stored.front() == shard) return absl::AlreadyExistsError("stored");
  return absl::FailedPreconditionError(
      absl::StrCat("shard ", shard.index, " of dataset ", dataset.name,
                   " is stored with other content: the folder changed since the import began; "
                   "delete the dataset "
                   "and import it again, or choose another name"));
}

absl::Status InsertItems(Database* writer, uint32_t dataset, uint32_t first_row,
                         absl::Span<const Item> items) {
  const std::vector<std::string> columns = ColumnsOf<Item>();
  const std::vector<std::string> marks(columns.size(), "?");
  MK_ASSIGN_OR_RETURN(Statement statement, writer->Prepare(absl::StrCat(
                                               "INSERT INTO items (dataset, row, quarantine, ",
                                               absl::StrJoin(columns, ", "), ") VALUES (?, ?, '', ",
                                               absl::StrJoin(marks, ", "), ")")));
  for (const Item& item : items) {
    statement.BindAll(dataset, first_row++);
    Binder binder(&statement, 3);
    Columns<Item>::ForEach(binder, item);
    MK_RETURN_IF_ERROR(statement.Run());
  }
  return absl::OkStatus();
}

std::string MatchingSql(const std::string& what, const Filter& filter) {
  return absl::StrCat("SELECT ", what, " FROM items WHERE dataset = ? AND quarantine = '' AND ",
                      filter.ToSql("attributes"));
}

}  // namespace

absl::StatusOr<uint32_t> Catalog::CreateDataset(const Dataset& dataset) {
  const absl::MutexLock lock(&impl_->write_mutex);
  Database* const writer = impl_->writer.get();
  MK_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(writer, Database::Role::kWriter));
  MK_ASSIGN_OR_RETURN(
      Statement statement,
      writer->Prepare("INSERT INTO datasets (name, owner, state, attributes, create_ms, items,"
                      " shards, size, quarantined, content_digest, content_size, prepare_job,"
                      " failure_class, failure_code, failure_message, failure_advice)"
                      " VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, '', 0, 0, 0, '', '', '')"));
  statement.BindAll(dataset.name, dataset.owner, static_cast<int>(dataset.state),
                    EncodeStrings(dataset.attributes), dataset.create_ms);
  const absl::Status inserted = statement.Run();
  if (absl::IsAlreadyExists(inserted)) {
    return absl::AlreadyExistsError(absl::StrCat("there is a dataset ", dataset.name, " already"));
  }
  MK_RETURN_IF_ERROR(inserted);
  const auto id = static_cast<uint32_t>(writer->LastInsertId());
  MK_RETURN_IF_ERROR(transaction.Commit());
  return id;
}

absl::Status Catalog::AddShard(const Shard& shard, absl::Span<const Item> items) {
  const absl::MutexLock lock(&impl_->write_mutex);
  Database* const writer = impl_->writer.get();
  MK_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(writer, Database::Role::kWriter));
  MK_ASSIGN_OR_RETURN(Dataset dataset, FindDataset(writer, shard.dataset));
  const absl::Status next = CheckShard(writer, dataset, shard, items.size());
  if (absl::IsAlreadyExists(next)) return absl::OkStatus();
  MK_RETURN_IF_ERROR(next);
  MK_RETURN_IF_ERROR(PutAll(writer, std::vector<Shard>{shard}));
  MK_RETURN_IF_ERROR(InsertItems(writer, dataset.id, dataset.items, items));
  dataset.items += static_cast<uint32_t>(items.size());
  dataset.shards += 1;
  dataset.size += shard.blob.size;
  MK_RETURN_IF_ERROR(PutAll(writer, std::vector<Dataset>{dataset}));
  return transaction.Commit();
}

absl::StatusOr<Dataset> Catalog::GetDataset(const std::string& name) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(std::vector<Dataset> datasets,
                      SelectAll<Dataset>(reader.get(), "WHERE name = ?", name));
  if (datasets.empty()) return absl::NotFoundError(absl::StrCat("there is no dataset ", name));
  return std::move(datasets.front());
}

absl::StatusOr<std::vector<Dataset>> Catalog::ListDatasets() const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Dataset>(reader.get(), "ORDER BY name");
}

absl::StatusOr<std::vector<Shard>> Catalog::ListShards(uint32_t dataset) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Shard>(reader.get(), "WHERE dataset = ? ORDER BY idx", dataset);
}

absl::StatusOr<uint32_t> Catalog::CountItems(uint32_t dataset, const Filter& filter) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(Statement statement, reader->Prepare(MatchingSql("count(*)", filter)));
  statement.BindInt(1, dataset);
  MK_RETURN_IF_ERROR(statement.Step().status());
  return static_cast<uint32_t>(statement.Int(0));
}

absl::StatusOr<std::vector<Catalog::SelectedRow>> Catalog::SelectRows(uint32_t dataset,
                                                                      const Filter& filter) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(Statement statement,
                      reader->Prepare(MatchingSql("row, partition", filter) + " ORDER BY row"));
  statement.BindInt(1, dataset);
  std::vector<SelectedRow> rows;
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool more, statement.Step());
    if (!more) return rows;
    rows.push_back({static_cast<uint32_t>(statement.Int(0)), static_cast<int>(statement.Int(1))});
  }
}

absl::StatusOr<std::vector<uint32_t>> Catalog::CountAttributes(uint32_t dataset) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(const Transaction moment,
                      Transaction::Begin(reader.get(), Database::Role::kReader));
  MK_ASSIGN_OR_RETURN(const Dataset record, FindDataset(reader.get(), dataset));
  MK_ASSIGN_OR_RETURN(
      Statement statement,
      reader->Prepare("SELECT attributes FROM items WHERE dataset = ? AND quarantine = ''"));
  statement.BindInt(1, dataset);
  std::vector<uint32_t> counts(record.attributes.size());
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool more, statement.Step());
    if (!more) return counts;
    const auto bits = static_cast<uint64_t>(statement.Int(0));
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += bits >> i & 1;
  }
}

absl::Status Catalog::ForEachItem(
    uint32_t dataset,
    const std::function<absl::Status(uint32_t row, const Item& item)>& visit) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(Statement statement,
                      reader->Prepare(SelectSql(absl::StrCat("items"), ColumnsOf<Item>(),
                                                "WHERE dataset = ? ORDER BY row")));
  statement.BindInt(1, dataset);
  Item item;
  for (uint32_t row = 0;; ++row) {
    MK_ASSIGN_OR_RETURN(const bool more, statement.Step());
    if (!more) return absl::OkStatus();
    Reader fields(&statement);
    Columns<Item>::ForEach(fields, item);
    MK_RETURN_IF_ERROR(visit(row, item));
  }
}

absl::StatusOr<std::vector<Quarantined>> Catalog::ListQuarantined(uint32_t dataset,
                                                                  uint32_t limit) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Quarantined>(
      reader.get(), "WHERE dataset = ? AND quarantine <> '' ORDER BY row LIMIT ?", dataset, limit);
}

}  // namespace makeover
