#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/backend.h"
#include "makeover/v1/admin.grpc.pb.h"

namespace makeover {

class AdminServiceImpl final : public v1::AdminService::Service {
 public:
  // `backend` must outlive it.
  explicit AdminServiceImpl(const Backend& backend) : backend_(backend) {}

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::Status* response) override;
  grpc::Status Backup(grpc::ServerContext* context, const v1::BackupRequest* request,
                      grpc::ServerWriter<v1::BackupResponse>* writer) override;
  grpc::Status Verify(grpc::ServerContext* context, const v1::VerifyRequest* request,
                      grpc::ServerWriter<v1::VerifyResponse>* writer) override;
  grpc::Status CollectGarbage(grpc::ServerContext* context,
                              const v1::CollectGarbageRequest* request,
                              v1::CollectGarbageResponse* response) override;

 private:
  int64_t BlobBytes();

  const Backend& backend_;
  absl::Mutex mutex_;
  TimeMs blob_bytes_ms_ ABSL_GUARDED_BY(mutex_) = 0;  // When they were counted.
  int64_t blob_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace makeover
