#include "worker/retry.h"

#include "proto/blob_transfer.h"

namespace makeover {

absl::Status RetryUntil(const absl::Notification& ended,
                        const std::function<absl::Status()>& attempt) {
  Backoff backoff;
  int full_disk = 0;
  while (!ended.HasBeenNotified()) {
    const absl::Status status = attempt();
    const bool full = absl::IsResourceExhausted(status) && ++full_disk < kFullDiskTries;
    const bool again = full || IsTransient(status) || absl::IsDeadlineExceeded(status);
    if (!again) return status;
    if (!backoff.Wait(ended)) break;
  }
  return absl::CancelledError("the attempt has ended");
}

}  // namespace makeover
