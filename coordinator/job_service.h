#pragma once

#include "coordinator/backend.h"
#include "makeover/v1/jobs.grpc.pb.h"

namespace makeover {

// Jobs. WatchJob and ReadLogs with follow hold a thread each, at most kFollowersMax together.
class JobServiceImpl final : public v1::JobService::Service {
 public:
  // `backend` must outlive it.
  explicit JobServiceImpl(const Backend& backend) : backend_(backend) {}

  grpc::Status CreateTrainJob(grpc::ServerContext* context,
                              const v1::CreateTrainJobRequest* request,
                              v1::CreateTrainJobResponse* response) override;
  grpc::Status CreateConvertJob(grpc::ServerContext* context,
                                const v1::CreateConvertJobRequest* request,
                                v1::CreateConvertJobResponse* response) override;
  grpc::Status CreateEvaluateJob(grpc::ServerContext* context,
                                 const v1::CreateEvaluateJobRequest* request,
                                 v1::Job* response) override;
  grpc::Status CreatePreviewJob(grpc::ServerContext* context,
                                const v1::CreatePreviewJobRequest* request,
                                v1::Job* response) override;
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::Job* response) override;
  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::Job>* writer) override;
  grpc::Status CancelJob(grpc::ServerContext* context, const v1::CancelJobRequest* request,
                         v1::Job* response) override;
  grpc::Status PauseJob(grpc::ServerContext* context, const v1::PauseJobRequest* request,
                        v1::Job* response) override;
  grpc::Status ResumeJob(grpc::ServerContext* context, const v1::ResumeJobRequest* request,
                         v1::Job* response) override;
  grpc::Status RetryJob(grpc::ServerContext* context, const v1::RetryJobRequest* request,
                        v1::Job* response) override;
  grpc::Status ExplainJob(grpc::ServerContext* context, const v1::ExplainJobRequest* request,
                          v1::ExplainJobResponse* response) override;
  grpc::Status ListMetrics(grpc::ServerContext* context, const v1::ListMetricsRequest* request,
                           v1::ListMetricsResponse* response) override;
  grpc::Status ListTasks(grpc::ServerContext* context, const v1::ListTasksRequest* request,
                         v1::ListTasksResponse* response) override;
  grpc::Status ReadLogs(grpc::ServerContext* context, const v1::ReadLogsRequest* request,
                        grpc::ServerWriter<v1::ReadLogsResponse>* writer) override;

 private:
  const Backend& backend_;
};

}  // namespace makeover
