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
// How often a full disk is tried again before the task gives way: about a minute.
inline constexpr int kFullDiskTries = 30;

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

// Calls `attempt` until it succeeds, fails for good, or `ended` is notified (kCancelled).
// Unreachable is tried for ever: the one who waits decides. A full disk is tried kFullDiskTries
// times.
absl::Status RetryUntil(const absl::Notification& ended,
                        const std::function<absl::Status()>& attempt);

}  // namespace makeover
