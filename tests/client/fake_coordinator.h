#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "makeover/v1/blobs.grpc.pb.h"
#include "makeover/v1/datasets.grpc.pb.h"
#include "proto/credentials.h"
#include "proto/server_limits.h"
#include "storage/sha256.h"

namespace makeover {

// Takes imports, in memory, and can refuse a shard. A test calls it from one client at a time.
class FakeCoordinator : public v1::DatasetService::Service, public v1::BlobService::Service {
 public:
  FakeCoordinator() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", MakeServerCredentials(), &port_);
    ApplyServerLimits(builder);
    builder.RegisterService(static_cast<v1::DatasetService::Service*>(this));
    builder.RegisterService(static_cast<v1::BlobService::Service*>(this));
    server_ = builder.BuildAndStart();
  }
  ~FakeCoordinator() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  int refused_shard = -1;  // AddShard of it fails
  v1::Dataset dataset;
  std::vector<v1::AddShardRequest> shards;
  std::map<std::string, std::string> blobs;
  int uploads = 0;

  grpc::Status CreateDataset(grpc::ServerContext*, const v1::CreateDatasetRequest* request,
                             v1::CreateDatasetResponse* response) override {
    if (dataset.name().empty()) {
      dataset.set_name(request->name());
      dataset.set_state(v1::Dataset::IMPORTING);
    }
    *response->mutable_dataset() = dataset;
    for (const v1::AddShardRequest& shard : shards) *response->add_stored_shards() = shard.blob();
    return grpc::Status::OK;
  }
  grpc::Status AddShard(grpc::ServerContext*, const v1::AddShardRequest* request,
                        v1::AddShardResponse*) override {
    if (static_cast<int>(request->shard()) == refused_shard) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "Refused."};
    }
    shards.push_back(*request);
    return grpc::Status::OK;
  }
  grpc::Status FinishImport(grpc::ServerContext*, const v1::FinishImportRequest* request,
                            v1::Dataset* response) override {
    if (request->shards() != shards.size()) return {grpc::StatusCode::FAILED_PRECONDITION, "Gap."};
    dataset.set_state(v1::Dataset::READY);
    for (const v1::AddShardRequest& shard : shards) {
      dataset.set_items(dataset.items() + static_cast<uint32_t>(shard.items_size()));
    }
    *response = dataset;
    return grpc::Status::OK;
  }
  grpc::Status GetDataset(grpc::ServerContext*, const v1::GetDatasetRequest*,
                          v1::Dataset* response) override {
    *response = dataset;
    return grpc::Status::OK;
  }

  grpc::Status QueryBlob(grpc::ServerContext*, const v1::QueryBlobRequest* request,
                         v1::QueryBlobResponse* response) override {
    response->set_complete(blobs.contains(request->digest()));
    return grpc::Status::OK;
  }
  grpc::Status WriteBlob(grpc::ServerContext*, grpc::ServerReader<v1::WriteBlobRequest>* reader,
                         v1::WriteBlobResponse* response) override {
    ++uploads;
    v1::WriteBlobRequest request;
    std::string digest;
    std::string bytes;
    while (reader->Read(&request)) {
      if (request.has_blob()) digest = request.blob().digest();
      bytes += request.data();
    }
    if (Sha256Hex(bytes) != digest) return {grpc::StatusCode::DATA_LOSS, "Damaged."};
    response->set_stored_bytes(static_cast<int64_t>(bytes.size()));
    blobs[digest] = bytes;
    return grpc::Status::OK;
  }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace makeover
