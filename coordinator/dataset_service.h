#pragma once

#include "coordinator/backend.h"
#include "makeover/v1/datasets.grpc.pb.h"

namespace makeover {

class DatasetServiceImpl final : public v1::DatasetService::Service {
 public:
  // `backend` must outlive it.
  explicit DatasetServiceImpl(const Backend& backend) : backend_(backend) {}

  grpc::Status CreateDataset(grpc::ServerContext* context, const v1::CreateDatasetRequest* request,
                             v1::CreateDatasetResponse* response) override;
  grpc::Status AddShard(grpc::ServerContext* context, const v1::AddShardRequest* request,
                        v1::AddShardResponse* response) override;
  grpc::Status FinishImport(grpc::ServerContext* context, const v1::FinishImportRequest* request,
                            v1::Dataset* response) override;
  grpc::Status GetDataset(grpc::ServerContext* context, const v1::GetDatasetRequest* request,
                          v1::Dataset* response) override;
  grpc::Status ListDatasets(grpc::ServerContext* context, const v1::ListDatasetsRequest* request,
                            v1::ListDatasetsResponse* response) override;
  grpc::Status CountItems(grpc::ServerContext* context, const v1::CountItemsRequest* request,
                          v1::CountItemsResponse* response) override;
  grpc::Status ListQuarantined(grpc::ServerContext* context,
                               const v1::ListQuarantinedRequest* request,
                               v1::ListQuarantinedResponse* response) override;
  grpc::Status DeleteDataset(grpc::ServerContext* context, const v1::DeleteDatasetRequest* request,
                             google::protobuf::Empty* response) override;

 private:
  const Backend& backend_;
};

}  // namespace makeover
