#pragma once

#include "coordinator/backend.h"
#include "makeover/v1/workers.grpc.pb.h"

namespace makeover {

// Workers as a person sees them.
class WorkerServiceImpl final : public v1::WorkerService::Service {
 public:
  // `backend` must outlive it.
  explicit WorkerServiceImpl(const Backend& backend) : backend_(backend) {}

  grpc::Status GetWorker(grpc::ServerContext* context, const v1::GetWorkerRequest* request,
                         v1::Worker* response) override;
  grpc::Status ListWorkers(grpc::ServerContext* context, const v1::ListWorkersRequest* request,
                           v1::ListWorkersResponse* response) override;
  grpc::Status DrainWorker(grpc::ServerContext* context, const v1::DrainWorkerRequest* request,
                           v1::Worker* response) override;
  grpc::Status ResumeWorker(grpc::ServerContext* context, const v1::ResumeWorkerRequest* request,
                            v1::Worker* response) override;
  grpc::Status RemoveWorker(grpc::ServerContext* context, const v1::RemoveWorkerRequest* request,
                            google::protobuf::Empty* response) override;

 private:
  const Backend& backend_;
};

}  // namespace makeover
