#pragma once

#include "makeover/v1/blobs.grpc.pb.h"
#include "storage/blob_store.h"

namespace makeover {

// Bytes in and out of the blob store. Each stream holds a thread.
class BlobServiceImpl final : public v1::BlobService::Service {
 public:
  // `blobs` must outlive it.
  explicit BlobServiceImpl(BlobStore& blobs) : blobs_(blobs) {}

  grpc::Status FindMissingBlobs(grpc::ServerContext* context,
                                const v1::FindMissingBlobsRequest* request,
                                v1::FindMissingBlobsResponse* response) override;
  grpc::Status QueryBlob(grpc::ServerContext* context, const v1::QueryBlobRequest* request,
                         v1::QueryBlobResponse* response) override;
  grpc::Status WriteBlob(grpc::ServerContext* context,
                         grpc::ServerReader<v1::WriteBlobRequest>* reader,
                         v1::WriteBlobResponse* response) override;
  grpc::Status ReadBlob(grpc::ServerContext* context, const v1::ReadBlobRequest* request,
                        grpc::ServerWriter<v1::ReadBlobResponse>* writer) override;

 private:
  BlobStore& blobs_;
};

}  // namespace makeover
