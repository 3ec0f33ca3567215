#include "coordinator/hanging_call.h"

#include <utility>

#include "proto/status.h"

namespace makeover {

class HangingCall::Reactor final : public grpc::ServerUnaryReactor {
 public:
  explicit Reactor(std::shared_ptr<HangingCall> call) : call_(std::move(call)) {}

  void OnCancel() override {
    call_->Answer(absl::CancelledError("The worker has given the call up."), {});
  }
  void OnDone() override { delete this; }

 private:
  const std::shared_ptr<HangingCall> call_;
};

void HangingCall::Answer(const absl::Status& status, v1::HeartbeatResponse response) {
  grpc::ServerUnaryReactor* reactor = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    reactor = std::exchange(reactor_, nullptr);
    if (reactor == nullptr) return;
    *response_ = std::move(response);
  }
  // Outside of the lock: OnDone may delete the reactor, and with it this call, at once.
  reactor->Finish(ToGrpcStatus(status));
}

grpc::ServerUnaryReactor* HangingCall::MakeReactor(std::shared_ptr<HangingCall> call) {
  auto* reactor = new Reactor(call);
  absl::MutexLock lock(&call->mutex_);
  call->reactor_ = reactor;
  return reactor;
}

}  // namespace makeover
