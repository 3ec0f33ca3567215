#include "worker/coordinator_client.h"

#include <fcntl.h>
#include <string.h>

#include <chrono>
#include <utility>

#include "proto/blob_transfer.h"
#include "proto/status.h"
#include "storage/file_io.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

std::chrono::system_clock::time_point After(int64_t ms) {
  return std::chrono::system_clock::now() + std::chrono::milliseconds(ms);
}

TransferOptions Options(const Cancelled& cancelled) {
  return {After(kTransferSliceMs), [cancelled](int64_t) { return !cancelled(); }};
}

absl::Status ReadExactly(int fd, int64_t offset, char* data, size_t size, const std::string& path) {
  std::string bytes;
  MK_RETURN_IF_ERROR(ReadAt(fd, offset, size, path, &bytes));
  if (bytes.size() != size) return absl::DataLossError(path + " became shorter during its upload");
  memcpy(data, bytes.data(), size);
  return absl::OkStatus();
}

v1::Blob MakeBlob(std::string digest, int64_t size) {
  v1::Blob blob;
  blob.set_digest(std::move(digest));
  blob.set_size(size);
  return blob;
}

}  // namespace

CoordinatorClient::CoordinatorClient(const std::shared_ptr<grpc::Channel>& channel,
                                     std::string name, std::string identity)
    : name_(std::move(name)),
      identity_(std::move(identity)),
      agent_(v1::AgentService::NewStub(channel)),
      blobs_(v1::BlobService::NewStub(channel)) {}

absl::StatusOr<v1::RegisterResponse> CoordinatorClient::Register(v1::RegisterRequest request) {
  request.set_name(name_);
  request.set_identity(identity_);
  grpc::ClientContext context;
  context.set_deadline(After(kCallTimeoutMs));
  v1::RegisterResponse response;
  MK_RETURN_IF_ERROR(FromGrpcStatus(agent_->Register(&context, request, &response)));
  return response;
}

absl::StatusOr<v1::HeartbeatResponse> CoordinatorClient::Heartbeat(v1::HeartbeatRequest request) {
  request.set_worker(name_);
  request.set_identity(identity_);
  grpc::ClientContext context;
  context.set_deadline(After(request.hang_ms() + kCallTimeoutMs));
  {
    absl::MutexLock lock(&mutex_);
    if (cancelled_) return absl::CancelledError("the worker ends");
    heartbeat_ = &context;
  }
  v1::HeartbeatResponse response;
  const grpc::Status status = agent_->Heartbeat(&context, request, &response);
  absl::MutexLock lock(&mutex_);
  heartbeat_ = nullptr;
  MK_RETURN_IF_ERROR(FromGrpcStatus(status));
  return response;
}

void CoordinatorClient::CancelHeartbeats() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  if (heartbeat_ != nullptr) heartbeat_->TryCancel();
}

absl::Status CoordinatorClient::ReportTask(v1::ReportTaskRequest request) {
  request.set_worker(name_);
  request.set_identity(identity_);
  grpc::ClientContext context;
  context.set_deadline(After(kCallTimeoutMs));
  v1::ReportTaskResponse response;
  return FromGrpcStatus(agent_->ReportTask(&context, request, &response));
}

absl::Status CoordinatorClient::AppendLog(const v1::Lease& lease, int64_t offset,
                                          absl::string_view data) {
  v1::AppendLogRequest request;
  request.set_worker(name_);
  request.set_identity(identity_);
  *request.mutable_lease() = lease;
  request.set_offset(offset);
  request.set_data(data.data(), data.size());
  grpc::ClientContext context;
  context.set_deadline(After(kCallTimeoutMs));
  v1::AppendLogResponse response;
  return FromGrpcStatus(agent_->AppendLog(&context, request, &response));
}

absl::StatusOr<v1::Blob> CoordinatorClient::UploadFile(const std::string& path,
                                                       const Cancelled& cancelled) {
  MK_ASSIGN_OR_RETURN(std::string digest, Sha256OfFile(path));
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
  MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  const BlobReader read = [&](int64_t offset, char* data, size_t bytes) {
    return ReadExactly(file.get(), offset, data, bytes, path);
  };
  MK_RETURN_IF_ERROR(UploadBlob(*blobs_, digest, size, read, Options(cancelled)));
  return MakeBlob(std::move(digest), size);
}

absl::StatusOr<v1::Blob> CoordinatorClient::UploadBytes(absl::string_view bytes,
                                                        const Cancelled& cancelled) {
  std::string digest = Sha256Hex(bytes);
  const BlobReader read = [&](int64_t offset, char* data, size_t size) {
    memcpy(data, bytes.data() + offset, size);
    return absl::OkStatus();
  };
  const auto size = static_cast<int64_t>(bytes.size());
  MK_RETURN_IF_ERROR(UploadBlob(*blobs_, digest, size, read, Options(cancelled)));
  return MakeBlob(std::move(digest), size);
}

absl::Status CoordinatorClient::Download(const std::string& digest, int64_t offset,
                                         const std::function<absl::Status(absl::string_view)>& sink,
                                         const Cancelled& cancelled) {
  const BlobSink take = [&](std::string_view data) {
    return sink(absl::string_view(data.data(), data.size()));
  };
  return DownloadBlob(*blobs_, digest, offset, take, Options(cancelled)).status();
}

}  // namespace makeover
