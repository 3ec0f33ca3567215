#include "worker/retry.h"

#include <utility>

#include "proto/blob_transfer.h"

namespace makeover {

absl::Status RetryUntil(const absl::Notification& ended,
                        const std::function<absl::Status()>& attempt,
                        const std::function<void(const absl::Status&)>& waiting) {
  Backoff backoff;
  bool told = false;
  while (!ended.HasBeenNotified()) {
    const absl::Status status = attempt();
    const bool again = absl::IsResourceExhausted(status) || IsTransient(status) ||
                       absl::IsDeadlineExceeded(status);
    if (!again) return status;
    if (!std::exchange(told, true)) waiting(status);
    if (!backoff.Wait(ended)) break;
  }
  return absl::CancelledError("the attempt has ended");
}

}  // namespace makeover
