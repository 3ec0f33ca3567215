#include "coordinator/submit.h"

#include "coordinator/errors.h"
#include "coordinator/limits.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::StatusOr<std::optional<Job>> CheckKind(std::optional<Job> job, JobKind kind) {
  if (job.has_value() && job->kind != kind) return errors::RequestIdReused(job->id);
  return job;
}

absl::StatusOr<std::optional<Job>> FindRequested(const View& view, const std::string& request_id,
                                                 JobKind kind) {
  if (request_id.empty()) return std::optional<Job>();
  for (const Job& job : view.pending.jobs) {
    if (job.request_id == request_id) return CheckKind(job, kind);
  }
  return makeover::FindRequested(view.catalog, request_id, kind);
}

}  // namespace

absl::StatusOr<JobId> SubmitOnce(const Backend& backend, const std::string& request_id,
                                 JobKind kind, const Decision& decide) {
  JobId id = 0;
  MK_RETURN_IF_ERROR(backend.coordinator.Run([&](const View& view) -> absl::StatusOr<Edit> {
    MK_ASSIGN_OR_RETURN(const std::optional<Job> known, FindRequested(view, request_id, kind));
    if (known.has_value()) {
      id = known->id;
      return Edit{};
    }
    MK_ASSIGN_OR_RETURN(Edit edit, decide(view));
    id = edit.jobs.front().id;
    return edit;
  }));
  return id;
}

absl::StatusOr<std::optional<Job>> FindRequested(const Catalog& catalog,
                                                 const std::string& request_id, JobKind kind) {
  if (request_id.empty()) return std::optional<Job>();
  if (request_id.size() > kRequestIdBytesMax) {
    return errors::TooMany("bytes of request_id", request_id.size(), kRequestIdBytesMax);
  }
  MK_ASSIGN_OR_RETURN(std::optional<Job> job, catalog.FindJobByRequest(request_id));
  return CheckKind(std::move(job), kind);
}

}  // namespace makeover
