#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "makeover/v1/blobs.grpc.pb.h"
#include "makeover/v1/workers.grpc.pb.h"

namespace makeover {

// A call that is not answered for so long, beyond what it is meant to hang, counts as lost.
inline constexpr int64_t kCallTimeoutMs = 5'000;
// A transfer is broken off and gone on with after so long, to see whether it is still wanted.
inline constexpr int64_t kTransferSliceMs = 30'000;

// Asked between the pieces of a transfer: is it no longer wanted?
using Cancelled = std::function<bool()>;

// A worker's calls to its coordinator. Each is made once: who calls again, and when, is the
// caller's business (IsTransient in proto/blob_transfer.h says whether it is worth it). Errors are
// the coordinator's, or kUnavailable, kDeadlineExceeded. Thread-safe.
class CoordinatorClient {
 public:
  // `name` and `identity` go with every call.
  CoordinatorClient(const std::shared_ptr<grpc::Channel>& channel, std::string name,
                    std::string identity);

  absl::StatusOr<v1::RegisterResponse> Register(v1::RegisterRequest request);
  // One at a time; hangs for request.hang_ms.
  absl::StatusOr<v1::HeartbeatResponse> Heartbeat(v1::HeartbeatRequest request);
  // Ends the heartbeat under way, and every later one, with kCancelled.
  void CancelHeartbeats();
  // kAborted: the attempt is stale.
  absl::Status ReportTask(v1::ReportTaskRequest request);
  absl::Status AppendLog(const v1::Lease& lease, int64_t offset, absl::string_view data);

  // Stores a file's bytes, or these bytes.
  absl::StatusOr<v1::Blob> UploadFile(const std::string& path, const Cancelled& cancelled);
  absl::StatusOr<v1::Blob> UploadBytes(absl::string_view bytes, const Cancelled& cancelled);
  // Hands the blob's bytes from `offset` on to the sink, in order.
  absl::Status Download(const std::string& digest, int64_t offset,
                        const std::function<absl::Status(absl::string_view)>& sink,
                        const Cancelled& cancelled);

 private:
  const std::string name_;
  const std::string identity_;
  const std::unique_ptr<v1::AgentService::Stub> agent_;
  const std::unique_ptr<v1::BlobService::Stub> blobs_;

  absl::Mutex mutex_;
  grpc::ClientContext* heartbeat_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace makeover
