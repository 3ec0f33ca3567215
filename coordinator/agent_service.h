#pragma once

#include "coordinator/backend.h"
#include "makeover/v1/workers.grpc.pb.h"

namespace makeover {

// What mkworker calls. A hanging heartbeat holds no thread.
class AgentServiceImpl final
    : public v1::AgentService::WithCallbackMethod_Heartbeat<v1::AgentService::Service> {
 public:
  // `backend` must outlive it.
  explicit AgentServiceImpl(const Backend& backend) : backend_(backend) {}

  grpc::Status Register(grpc::ServerContext* context, const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override;
  grpc::ServerUnaryReactor* Heartbeat(grpc::CallbackServerContext* context,
                                      const v1::HeartbeatRequest* request,
                                      v1::HeartbeatResponse* response) override;
  grpc::Status ReportTask(grpc::ServerContext* context, const v1::ReportTaskRequest* request,
                          v1::ReportTaskResponse* response) override;
  grpc::Status AppendLog(grpc::ServerContext* context, const v1::AppendLogRequest* request,
                         v1::AppendLogResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace makeover
