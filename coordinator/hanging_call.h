#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "makeover/v1/workers.pb.h"

namespace makeover {

// A heartbeat that waits for its answer. It ends once: by Answer, or when the worker gives it up.
// Thread-safe.
class HangingCall {
 public:
  // `response` belongs to gRPC and lives until the call ends.
  explicit HangingCall(v1::HeartbeatResponse* response) : response_(response) {}

  // Ends the call; without effect if it has ended.
  void Answer(const absl::Status& status, v1::HeartbeatResponse response);

  // For gRPC: deletes itself when the call is over.
  static grpc::ServerUnaryReactor* MakeReactor(std::shared_ptr<HangingCall> call);

 private:
  class Reactor;

  absl::Mutex mutex_;
  v1::HeartbeatResponse* const response_;
  grpc::ServerUnaryReactor* reactor_ ABSL_GUARDED_BY(mutex_) = nullptr;  // Until it has ended.
};

}  // namespace makeover
