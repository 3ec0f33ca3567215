#pragma once

#include "coordinator/backend.h"
#include "makeover/v1/models.grpc.pb.h"

namespace makeover {

class ModelServiceImpl final : public v1::ModelService::Service {
 public:
  // `backend` must outlive it.
  explicit ModelServiceImpl(const Backend& backend) : backend_(backend) {}

  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::Model* response) override;
  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;
  grpc::Status TagCheckpoint(grpc::ServerContext* context, const v1::TagCheckpointRequest* request,
                             v1::Model* response) override;
  grpc::Status DeleteModel(grpc::ServerContext* context, const v1::DeleteModelRequest* request,
                           google::protobuf::Empty* response) override;

 private:
  const Backend& backend_;
};

}  // namespace makeover
