#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/catalog.h"
#include "storage/catalog_checks.h"
#include "storage/catalog_impl.h"
#include "storage/rows.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr std::array<const char*, 11> kTables = {"jobs",     "tasks",   "attempts", "workers",
                                                 "datasets", "shards",  "items",    "checkpoints",
                                                 "samples",  "metrics", "models"};

// ?1: since when jobs ended of which something is kept. The states and kinds by their numbers:
// 5, 6, 7 have ended, 5 with success; 2 is a conversion, 4 a preview.
constexpr char kDigestsSql[] =
    "WITH ended_tasks AS (SELECT tasks.*, jobs.state AS ended, jobs.kind, jobs.end_ms"
    "  FROM tasks JOIN jobs ON jobs.id = tasks.job WHERE jobs.state IN (5, 6, 7)),"
    " live_tasks AS (SELECT tasks.*"
    "  FROM tasks JOIN jobs ON jobs.id = tasks.job WHERE jobs.state NOT IN (5, 6, 7))"
    " SELECT input_digest FROM live_tasks UNION SELECT output_digest FROM live_tasks UNION"
    " SELECT manifest_digest FROM live_tasks UNION SELECT checkpoint_digest FROM live_tasks UNION"
    " SELECT input_digest FROM ended_tasks WHERE ended <> 5 AND end_ms >= ?1 UNION"
    " SELECT output_digest FROM ended_tasks WHERE kind NOT IN (2, 4) OR end_ms >= ?1 UNION"
    " SELECT manifest_digest FROM ended_tasks WHERE kind NOT IN (2, 4) OR end_ms >= ?1 UNION"
    " SELECT blob_digest FROM checkpoints UNION SELECT blob_digest FROM samples UNION"
    " SELECT blob_digest FROM shards UNION SELECT content_digest FROM datasets";

constexpr char kRetriableSql[] = "WHERE state NOT IN (5, 6, 7) OR (state <> 5 AND end_ms >= ?1)";

// A query whose rows name what is wrong, and the sentence about it.
struct Check {
  const char* sql;
  const char* sentence;
};

constexpr std::array<Check, 8> kChecks = {{
    {"SELECT \"table\" FROM pragma_foreign_key_check", "a row refers to nothing in table "},
    {"SELECT name FROM datasets WHERE items <> (SELECT count(*) FROM items WHERE dataset = "
     "datasets.id)",
     "the number of pictures is wrong in dataset "},
    {"SELECT name FROM datasets WHERE shards <> (SELECT count(*) FROM shards WHERE dataset = "
     "datasets.id)",
     "the number of shards is wrong in dataset "},
    {"SELECT name FROM datasets WHERE items <>"
     " (SELECT coalesce(max(row) + 1, 0) FROM items WHERE dataset = datasets.id)",
     "rows are missing in dataset "},
    {"SELECT DISTINCT d.name FROM items i JOIN datasets d ON d.id = i.dataset LEFT JOIN shards s"
     " ON s.dataset = i.dataset AND s.idx = i.shard WHERE s.idx IS NULL OR i.offset + i.size > "
     "s.blob_size",
     "a picture lies beyond its shard in dataset "},
    {"SELECT id FROM jobs WHERE task_count <> (SELECT count(*) FROM tasks WHERE job = jobs.id)",
     "the number of tasks is wrong in job "},
    {"SELECT DISTINCT a.job FROM attempts a JOIN tasks t ON t.job = a.job AND t.idx = a.task"
     " WHERE a.attempt > t.attempt",
     "an attempt is newer than its task in job "},
    {"SELECT name FROM models WHERE step <> 0 AND NOT EXISTS"
     " (SELECT 1 FROM checkpoints c WHERE c.job = models.job AND c.step = models.step)",
     "the checkpoint is missing of model "},
}};

absl::Status RunCheck(Database* reader, const Check& check, std::vector<std::string>* problems) {
  MK_ASSIGN_OR_RETURN(Statement statement, reader->Prepare(check.sql));
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return absl::OkStatus();
    problems->push_back(absl::StrCat(check.sentence, statement.Bytes(0)));
  }
}

// SQLite's own check answers with the one row "ok", or with a row per problem.
absl::Status RunPageCheck(Database* database, const std::string& sql,
                          std::vector<std::string>* problems) {
  MK_ASSIGN_OR_RETURN(Statement statement, database->Prepare(sql));
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return absl::OkStatus();
    const std::string answer = statement.Bytes(0);
    if (answer != "ok") problems->push_back(absl::StrCat("the catalog file is damaged: ", answer));
  }
}

}  // namespace

absl::Status CheckPages(Database* database, const std::string& path) {
  std::vector<std::string> problems;
  MK_RETURN_IF_ERROR(RunPageCheck(database, "PRAGMA quick_check(1)", &problems));
  if (problems.empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(path, ": ", problems.front(), "; restore it from a backup"));
}

absl::StatusOr<std::set<std::string>> Catalog::LiveDigests(
    TimeMs kept_since,
    const std::function<std::vector<std::string>(const Job&)>& spec_digests) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(const Transaction moment,
                      Transaction::Begin(reader.get(), Database::Role::kReader));
  std::set<std::string> live;
  MK_ASSIGN_OR_RETURN(Statement digests, reader->Prepare(kDigestsSql));
  digests.BindInt(1, kept_since);
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool row, digests.Step());
    if (!row) break;
    live.insert(digests.Bytes(0));
  }
  MK_ASSIGN_OR_RETURN(Statement jobs,
                      reader->Prepare(SelectSql("jobs", ColumnsOf<Job>(), kRetriableSql)));
  jobs.BindInt(1, kept_since);
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool row, jobs.Step());
    if (!row) break;
    Job job;
    Reader fields(&jobs);
    Columns<Job>::ForEach(fields, job);
    for (std::string& digest : spec_digests(job)) live.insert(std::move(digest));
  }
  live.erase("");
  return live;
}

absl::StatusOr<std::vector<std::string>> Catalog::CheckIntegrity() const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(const Transaction moment,
                      Transaction::Begin(reader.get(), Database::Role::kReader));
  std::vector<std::string> problems;
  MK_RETURN_IF_ERROR(RunPageCheck(reader.get(), "PRAGMA integrity_check(20)", &problems));
  if (!problems.empty()) return problems;
  for (const Check& check : kChecks) MK_RETURN_IF_ERROR(RunCheck(reader.get(), check, &problems));
  return problems;
}

absl::StatusOr<uint32_t> Catalog::CountRows() const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(const Transaction moment,
                      Transaction::Begin(reader.get(), Database::Role::kReader));
  int64_t rows = 0;
  for (const char* table : kTables) {
    MK_ASSIGN_OR_RETURN(const int64_t count,
                        reader->QueryInt(absl::StrCat("SELECT count(*) FROM ", table)));
    rows += count;
  }
  return static_cast<uint32_t>(rows);
}

}  // namespace makeover
