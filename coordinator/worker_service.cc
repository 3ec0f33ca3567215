#include "coordinator/worker_service.h"

#include <utility>

#include "coordinator/worker_messages.h"
#include "proto/status.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using Change = absl::StatusOr<Edit> (Scheduler::*)(const std::string&, TimeMs) const;

absl::Status Do(const Backend& backend, const std::string& name, Change change) {
  return backend.coordinator.Run(
      [&](const View& view) { return (view.scheduler.*change)(name, view.now); });
}

absl::Status Get(const Backend& backend, const std::string& name, v1::Worker& response) {
  MK_ASSIGN_OR_RETURN(response, DescribeWorker(backend, name));
  return absl::OkStatus();
}

absl::Status DoAndGet(const Backend& backend, const std::string& name, Change change,
                      v1::Worker& response) {
  MK_RETURN_IF_ERROR(Do(backend, name, change));
  return Get(backend, name, response);
}

absl::Status List(const Backend& backend, v1::ListWorkersResponse& response) {
  MK_ASSIGN_OR_RETURN(std::vector<v1::Worker> workers, DescribeWorkers(backend));
  for (v1::Worker& worker : workers) *response.add_workers() = std::move(worker);
  return absl::OkStatus();
}

}  // namespace

grpc::Status WorkerServiceImpl::GetWorker(grpc::ServerContext* /*context*/,
                                          const v1::GetWorkerRequest* request,
                                          v1::Worker* response) {
  return ToGrpcStatus(Get(backend_, request->name(), *response));
}

grpc::Status WorkerServiceImpl::ListWorkers(grpc::ServerContext* /*context*/,
                                            const v1::ListWorkersRequest* /*request*/,
                                            v1::ListWorkersResponse* response) {
  return ToGrpcStatus(List(backend_, *response));
}

grpc::Status WorkerServiceImpl::DrainWorker(grpc::ServerContext* /*context*/,
                                            const v1::DrainWorkerRequest* request,
                                            v1::Worker* response) {
  return ToGrpcStatus(DoAndGet(backend_, request->name(), &Scheduler::Drain, *response));
}

grpc::Status WorkerServiceImpl::ResumeWorker(grpc::ServerContext* /*context*/,
                                             const v1::ResumeWorkerRequest* request,
                                             v1::Worker* response) {
  return ToGrpcStatus(DoAndGet(backend_, request->name(), &Scheduler::ResumeWorker, *response));
}

grpc::Status WorkerServiceImpl::RemoveWorker(grpc::ServerContext* /*context*/,
                                             const v1::RemoveWorkerRequest* request,
                                             google::protobuf::Empty* /*response*/) {
  return ToGrpcStatus(Do(backend_, request->name(), &Scheduler::RemoveWorker));
}

}  // namespace makeover
