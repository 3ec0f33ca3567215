#include "coordinator/job_service.h"

#include <functional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "coordinator/convert_jobs.h"
#include "coordinator/errors.h"
#include "coordinator/evaluate_jobs.h"
#include "coordinator/job_changes.h"
#include "coordinator/job_messages.h"
#include "coordinator/job_state.h"
#include "coordinator/job_streams.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "coordinator/retry_jobs.h"
#include "coordinator/train_jobs.h"
#include "proto/status.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status Describe(const Backend& backend, JobId id, v1::Job& response) {
  MK_ASSIGN_OR_RETURN(response, DescribeJob(backend, id));
  return absl::OkStatus();
}

absl::Status List(const Backend& backend, const v1::ListJobsRequest& request,
                  v1::ListJobsResponse& response) {
  JobId before = 0;
  if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &before)) {
    return absl::InvalidArgumentError(
        "The page_token is not one that ListJobs gave: begin without one.");
  }
  const uint32_t size =
      request.page_size() == 0 ? kJobsPageDefault : std::min(request.page_size(), kJobsPageDefault);
  MK_ASSIGN_OR_RETURN(const std::vector<Job> jobs, backend.catalog.ListJobs(before, size));
  MK_ASSIGN_OR_RETURN(std::vector<v1::Job> messages, DescribeJobs(backend, jobs));
  for (v1::Job& message : messages) *response.add_jobs() = std::move(message);
  if (jobs.size() == size && jobs.back().id > 1) {
    response.set_next_page_token(absl::StrCat(jobs.back().id));
  }
  return absl::OkStatus();
}

absl::Status Ask(const Backend& backend, JobId id, JobChange change, absl::string_view verb,
                 std::optional<JobState> fine, v1::Job& response) {
  MK_RETURN_IF_ERROR(backend.coordinator.Run(
      [&](const View& view) { return DecideChange(view, id, change, verb, fine); }));
  return Describe(backend, id, response);
}

absl::Status Retry(const Backend& backend, JobId id, v1::Job& response) {
  MK_ASSIGN_OR_RETURN(const JobId runs, RetryJob(backend, id));
  return Describe(backend, runs, response);
}

std::vector<Reason> ReasonsOfEnd(const v1::Job& job) {
  const JobState state = static_cast<JobState>(job.state());
  if (state == JobState::kFailed) return {{job.failure().message(), job.failure().advice()}};
  if (state == JobState::kCancelled) {
    return {{"The job was cancelled, as was asked.",
             absl::StrCat("Begin it anew: mkctl jobs retry ", job.id())}};
  }
  return {{"The job SUCCEEDED.", "Nothing to do."}};
}

// What a worker has to store waits for room, whatever else the job waits for.
absl::Status AddFullDisk(const BlobStore& blobs, std::vector<Reason>& reasons) {
  MK_ASSIGN_OR_RETURN(const int64_t free, blobs.FreeBytes());
  if (free >= kFreeBytesMin) return absl::OkStatus();
  reasons.push_back({absl::StrCat("The coordinator's disk is too full: ", free >> 20,
                                  " MiB are free, and ", kFreeBytesMin >> 20,
                                  " MiB are kept. Checkpoints and results wait with the workers."),
                     "Make room there (mkctl admin gc; mkctl datasets delete)."});
  return absl::OkStatus();
}

absl::Status Explain(const Backend& backend, JobId id, v1::ExplainJobResponse& response) {
  std::vector<Reason> reasons;
  MK_RETURN_IF_ERROR(backend.coordinator.Read(
      [&](const View& view) { reasons = view.scheduler.Explain(id, view.now); }));
  MK_RETURN_IF_ERROR(Describe(backend, id, *response.mutable_job()));
  if (IsTerminal(static_cast<JobState>(response.job().state()))) {
    reasons = ReasonsOfEnd(response.job());
  } else {
    MK_RETURN_IF_ERROR(AddFullDisk(backend.blobs, reasons));
  }
  for (const Reason& reason : reasons) {
    v1::ExplainJobResponse::Reason& added = *response.add_reasons();
    added.set_what(reason.what);
    added.set_change(reason.change);
  }
  return absl::OkStatus();
}

absl::Status CheckExists(const Backend& backend, JobId id) {
  const absl::Status found = backend.catalog.GetJob(id).status();
  return absl::IsNotFound(found) ? errors::NoSuchJob(id) : found;
}

absl::Status ListMetricsOf(const Backend& backend, const v1::ListMetricsRequest& request,
                           v1::ListMetricsResponse& response) {
  MK_RETURN_IF_ERROR(CheckExists(backend, request.id()));
  const uint32_t limit =
      request.limit() == 0 ? kMetricsDefault : std::min(request.limit(), kMetricsDefault);
  MK_ASSIGN_OR_RETURN(const std::vector<Metric> metrics,
                      backend.catalog.ListMetrics(request.id(), request.after_step(), limit));
  for (const Metric& metric : metrics) *response.add_metrics() = ToProto(metric);
  return absl::OkStatus();
}

absl::Status ListTasksOf(const Backend& backend, JobId id, v1::ListTasksResponse& response) {
  MK_RETURN_IF_ERROR(CheckExists(backend, id));
  MK_ASSIGN_OR_RETURN(const std::vector<Task> tasks, backend.catalog.ListTasks(id));
  for (const Task& task : tasks) *response.add_tasks() = ToProto(task);
  return absl::OkStatus();
}

}  // namespace

grpc::Status JobServiceImpl::CreateTrainJob(grpc::ServerContext* /*context*/,
                                            const v1::CreateTrainJobRequest* request,
                                            v1::CreateTrainJobResponse* response) {
  return ToGrpcStatus(makeover::CreateTrainJob(backend_, *request, *response));
}

grpc::Status JobServiceImpl::CreateConvertJob(grpc::ServerContext* /*context*/,
                                              const v1::CreateConvertJobRequest* request,
                                              v1::CreateConvertJobResponse* response) {
  return ToGrpcStatus(makeover::CreateConvertJob(backend_, *request, *response));
}

grpc::Status JobServiceImpl::CreateEvaluateJob(grpc::ServerContext* /*context*/,
                                               const v1::CreateEvaluateJobRequest* request,
                                               v1::Job* response) {
  return ToGrpcStatus(makeover::CreateEvaluateJob(backend_, *request, *response));
}

grpc::Status JobServiceImpl::CreatePreviewJob(grpc::ServerContext* /*context*/,
                                              const v1::CreatePreviewJobRequest* request,
                                              v1::Job* response) {
  return ToGrpcStatus(makeover::CreatePreviewJob(backend_, *request, *response));
}

grpc::Status JobServiceImpl::GetJob(grpc::ServerContext* /*context*/,
                                    const v1::GetJobRequest* request, v1::Job* response) {
  return ToGrpcStatus(Describe(backend_, request->id(), *response));
}

grpc::Status JobServiceImpl::ListJobs(grpc::ServerContext* /*context*/,
                                      const v1::ListJobsRequest* request,
                                      v1::ListJobsResponse* response) {
  return ToGrpcStatus(List(backend_, *request, *response));
}

grpc::Status JobServiceImpl::WatchJob(grpc::ServerContext* context,
                                      const v1::WatchJobRequest* request,
                                      grpc::ServerWriter<v1::Job>* writer) {
  return ToGrpcStatus(makeover::WatchJob(backend_, request->id(), [&](const v1::Job& job) {
    return !context->IsCancelled() && writer->Write(job);
  }));
}

grpc::Status JobServiceImpl::CancelJob(grpc::ServerContext* /*context*/,
                                       const v1::CancelJobRequest* request, v1::Job* response) {
  return ToGrpcStatus(Ask(backend_, request->id(), &Scheduler::Cancel, "cancelled",
                          JobState::kCancelled, *response));
}

grpc::Status JobServiceImpl::PauseJob(grpc::ServerContext* /*context*/,
                                      const v1::PauseJobRequest* request, v1::Job* response) {
  return ToGrpcStatus(
      Ask(backend_, request->id(), &Scheduler::Pause, "paused", std::nullopt, *response));
}

grpc::Status JobServiceImpl::ResumeJob(grpc::ServerContext* /*context*/,
                                       const v1::ResumeJobRequest* request, v1::Job* response) {
  return ToGrpcStatus(
      Ask(backend_, request->id(), &Scheduler::Resume, "resumed", std::nullopt, *response));
}

grpc::Status JobServiceImpl::RetryJob(grpc::ServerContext* /*context*/,
                                      const v1::RetryJobRequest* request, v1::Job* response) {
  return ToGrpcStatus(Retry(backend_, request->id(), *response));
}

grpc::Status JobServiceImpl::ExplainJob(grpc::ServerContext* /*context*/,
                                        const v1::ExplainJobRequest* request,
                                        v1::ExplainJobResponse* response) {
  return ToGrpcStatus(Explain(backend_, request->id(), *response));
}

grpc::Status JobServiceImpl::ListMetrics(grpc::ServerContext* /*context*/,
                                         const v1::ListMetricsRequest* request,
                                         v1::ListMetricsResponse* response) {
  return ToGrpcStatus(ListMetricsOf(backend_, *request, *response));
}

grpc::Status JobServiceImpl::ListTasks(grpc::ServerContext* /*context*/,
                                       const v1::ListTasksRequest* request,
                                       v1::ListTasksResponse* response) {
  return ToGrpcStatus(ListTasksOf(backend_, request->id(), *response));
}

grpc::Status JobServiceImpl::ReadLogs(grpc::ServerContext* context,
                                      const v1::ReadLogsRequest* request,
                                      grpc::ServerWriter<v1::ReadLogsResponse>* writer) {
  return ToGrpcStatus(makeover::ReadLogs(
      backend_, request->id(), request->follow(),
      [writer](const v1::ReadLogsResponse& response) { return writer->Write(response); },
      [context] { return context->IsCancelled(); }));
}

}  // namespace makeover
