#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/catalog.h"
#include "storage/catalog_impl.h"
#include "storage/rows.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

template <typename Record>
std::optional<Record> First(std::vector<Record> records) {
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

// Calls `take` for each row of a query over jobs first to last.
template <typename Take>
absl::Status ForEachJob(Database* reader, const std::string& sql, JobId first, JobId last,
                        const Take& take) {
  MK_ASSIGN_OR_RETURN(Statement statement, reader->Prepare(sql));
  statement.BindAll(first, last);
  while (true) {
    MK_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) return absl::OkStatus();
    take(statement);
  }
}

uint32_t UnsignedOf(const Statement& row, int column) {
  return static_cast<uint32_t>(row.Int(column));
}

// An index finds each job's last step; a grouped scan would read every metric.
constexpr char kStepsSql[] =
    "SELECT id, max(coalesce((SELECT max(step) FROM metrics WHERE job = jobs.id), 0),"
    " coalesce((SELECT max(step) FROM checkpoints WHERE job = jobs.id), 0))"
    " FROM jobs WHERE id BETWEEN ? AND ?";
constexpr char kTaskTotalsSql[] =
    "SELECT job, sum(attempt), sum(state = 3), sum(files), sum(files_done), sum(files_failed), "
    "max(step)"
    " FROM tasks WHERE job BETWEEN ? AND ? GROUP BY job";

}  // namespace

absl::StatusOr<Job> Catalog::GetJob(JobId id) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(std::vector<Job> jobs, SelectAll<Job>(reader.get(), "WHERE id = ?", id));
  if (jobs.empty()) return absl::NotFoundError(absl::StrCat("there is no job ", id));
  return std::move(jobs.front());
}

absl::StatusOr<std::optional<Job>> Catalog::FindJobByRequest(const std::string& request_id) const {
  if (request_id.empty()) return std::nullopt;
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  // The second condition lets SQLite use the index, which leaves the empty ones out.
  MK_ASSIGN_OR_RETURN(
      std::vector<Job> jobs,
      SelectAll<Job>(reader.get(), "WHERE request_id = ? AND request_id <> ''", request_id));
  return First(std::move(jobs));
}

absl::StatusOr<std::vector<Job>> Catalog::ListJobs(JobId before, uint32_t limit) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  const JobId end = before == 0 ? UINT32_MAX : before;
  return SelectAll<Job>(reader.get(), "WHERE id < ? ORDER BY id DESC LIMIT ?", end, limit);
}

absl::StatusOr<std::map<JobState, uint32_t>> Catalog::CountJobs() const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  std::map<JobState, uint32_t> counts;
  MK_RETURN_IF_ERROR(ForEachJob(
      reader.get(), "SELECT state, count(*) FROM jobs WHERE id BETWEEN ? AND ? GROUP BY state", 0,
      UINT32_MAX, [&](const Statement& row) {
        counts[static_cast<JobState>(row.Int(0))] = UnsignedOf(row, 1);
      }));
  return counts;
}

absl::StatusOr<std::vector<Task>> Catalog::ListTasks(JobId job) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Task>(reader.get(), "WHERE job = ? ORDER BY idx", job);
}

absl::StatusOr<std::map<JobId, Catalog::JobTotals>> Catalog::TotalsOfJobs(JobId first,
                                                                          JobId last) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(const Transaction moment,
                      Transaction::Begin(reader.get(), Database::Role::kReader));
  std::map<JobId, JobTotals> totals;
  MK_RETURN_IF_ERROR(
      ForEachJob(reader.get(), kTaskTotalsSql, first, last, [&](const Statement& row) {
        totals[UnsignedOf(row, 0)] =
            JobTotals{UnsignedOf(row, 1), UnsignedOf(row, 2), UnsignedOf(row, 3),
                      UnsignedOf(row, 4), UnsignedOf(row, 5), UnsignedOf(row, 6)};
      }));
  MK_RETURN_IF_ERROR(ForEachJob(reader.get(), kStepsSql, first, last, [&](const Statement& row) {
    uint32_t& step = totals[UnsignedOf(row, 0)].step;
    step = std::max(step, UnsignedOf(row, 1));
  }));
  return totals;
}

absl::StatusOr<std::vector<Attempt>> Catalog::ListAttempts(JobId job, uint32_t limit) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(
      std::vector<Attempt> attempts,
      SelectAll<Attempt>(reader.get(),
                         "WHERE job = ? ORDER BY start_ms DESC, task DESC, attempt DESC LIMIT ?",
                         job, limit));
  std::reverse(attempts.begin(), attempts.end());
  return attempts;
}

absl::StatusOr<std::optional<Attempt>> Catalog::FindAttempt(JobId job, uint32_t task,
                                                            uint32_t attempt) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(std::vector<Attempt> attempts,
                      SelectAll<Attempt>(reader.get(), "WHERE job = ? AND task = ? AND attempt = ?",
                                         job, task, attempt));
  return First(std::move(attempts));
}

absl::StatusOr<std::vector<Checkpoint>> Catalog::ListCheckpoints(JobId job) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Checkpoint>(reader.get(), "WHERE job = ? ORDER BY step", job);
}

absl::StatusOr<std::vector<Sample>> Catalog::ListSamples(JobId job) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Sample>(reader.get(), "WHERE job = ? ORDER BY step", job);
}

absl::StatusOr<std::vector<Metric>> Catalog::ListMetrics(JobId job, uint32_t after_step,
                                                         uint32_t limit) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Metric>(reader.get(), "WHERE job = ? AND step > ? ORDER BY step LIMIT ?", job,
                           after_step, limit);
}

absl::StatusOr<std::optional<Metric>> Catalog::LastMetric(JobId job) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(
      std::vector<Metric> metrics,
      SelectAll<Metric>(reader.get(), "WHERE job = ? ORDER BY step DESC LIMIT 1", job));
  return First(std::move(metrics));
}

absl::StatusOr<Model> Catalog::GetModel(const std::string& name) const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  MK_ASSIGN_OR_RETURN(std::vector<Model> models,
                      SelectAll<Model>(reader.get(), "WHERE name = ?", name));
  if (models.empty()) return absl::NotFoundError(absl::StrCat("there is no model ", name));
  return std::move(models.front());
}

absl::StatusOr<std::vector<Model>> Catalog::ListModels() const {
  MK_ASSIGN_OR_RETURN(const Impl::Lease reader, impl_->Reader());
  return SelectAll<Model>(reader.get(), "ORDER BY create_ms DESC, name");
}

}  // namespace makeover
