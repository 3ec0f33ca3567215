#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace makeover {

inline constexpr int64_t kBackoffFirstMs = 100;
inline constexpr int64_t kBackoffMaxMs = 2'000;

// The waits between tries: 0.1 s, doubled up to 2 s. Not thread-safe.
class Backoff {
 public:
  // Waits; false when `ended` was notified first.
  bool Wait(const absl::Notification& ended) {
    const int64_t wait_ms = next_ms_;
    next_ms_ = std::min(2 * next_ms_, kBackoffMaxMs);
    return !ended.WaitForNotificationWithTimeout(absl::Milliseconds(wait_ms));
  }
  void Reset() { next_ms_ = kBackoffFirstMs; }

 private:
  int64_t next_ms_ = kBackoffFirstMs;
};

// Calls `attempt` until it succeeds, fails for good, or `ended` is notified (kCancelled). A
// coordinator that is not there, or whose disk is full, is tried for ever: the one who waits
// decides. `waiting` hears of the first failure after which it tries again.
absl::Status RetryUntil(const absl::Notification& ended,
                        const std::function<absl::Status()>& attempt,
                        const std::function<void(const absl::Status&)>& waiting);

}  // namespace makeover
