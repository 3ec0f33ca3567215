#include "client/job_fetch.h"

#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {

using JobStub = v1::JobService::StubInterface;

absl::StatusOr<v1::Job> FetchJob(Session& session, const std::string& text) {
  v1::GetJobRequest request;
  MK_ASSIGN_OR_RETURN(const uint32_t id, ParseJobId(text));
  request.set_id(id);
  return Call(session.jobs(), &JobStub::GetJob, request);
}

absl::StatusOr<v1::ListJobsResponse> FetchJobs(Session& session, uint32_t limit) {
  v1::ListJobsResponse all;
  v1::ListJobsRequest request;
  const auto missing = [&] { return limit - static_cast<uint32_t>(all.jobs_size()); };
  do {
    if (limit > 0) request.set_page_size(missing());
    MK_ASSIGN_OR_RETURN(const v1::ListJobsResponse page,
                        Call(session.jobs(), &JobStub::ListJobs, request));
    all.mutable_jobs()->MergeFrom(page.jobs());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && (limit == 0 || missing() > 0));
  return all;
}

absl::StatusOr<v1::ListMetricsResponse> FetchMetrics(Session& session, uint32_t job,
                                                     uint32_t after_step) {
  constexpr uint32_t kPage = 10'000;
  v1::ListMetricsRequest request;
  request.set_id(job);
  request.set_after_step(after_step);
  request.set_limit(kPage);
  v1::ListMetricsResponse all;
  while (true) {
    MK_ASSIGN_OR_RETURN(const v1::ListMetricsResponse page,
                        Call(session.jobs(), &JobStub::ListMetrics, request));
    all.MergeFrom(page);
    if (page.metrics_size() < static_cast<int>(kPage)) return all;
    request.set_after_step(page.metrics(page.metrics_size() - 1).step());
  }
}

}  // namespace makeover
