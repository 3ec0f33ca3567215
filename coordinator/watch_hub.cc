#include "coordinator/watch_hub.h"

#include "coordinator/limits.h"

namespace makeover {

WatchHub::Follower::Follower(WatchHub& hub, JobId job) : hub_(hub), job_(job) {
  absl::MutexLock lock(&hub_.mutex_);
  admitted_ = !hub_.closed_ && hub_.followers_.size() < kFollowersMax;
  if (admitted_) hub_.followers_.emplace(job, this);
}

WatchHub::Follower::~Follower() {
  absl::MutexLock lock(&hub_.mutex_);
  const auto [first, last] = hub_.followers_.equal_range(job_);
  for (auto it = first; it != last; ++it) {
    if (it->second != this) continue;
    hub_.followers_.erase(it);
    return;
  }
}

bool WatchHub::Follower::Wait(absl::Duration timeout) {
  absl::MutexLock lock(&hub_.mutex_);
  const auto woken = [this]() ABSL_SHARED_LOCKS_REQUIRED(hub_.mutex_) {
    return changed_ || hub_.closed_;
  };
  hub_.mutex_.AwaitWithTimeout(absl::Condition(&woken), timeout);
  changed_ = false;
  return !hub_.closed_;
}

bool WatchHub::Follower::Rest(absl::Duration duration) {
  absl::MutexLock lock(&hub_.mutex_);
  hub_.mutex_.AwaitWithTimeout(absl::Condition(&hub_.closed_), duration);
  return !hub_.closed_;
}

void WatchHub::Changed(JobId job) {
  absl::MutexLock lock(&mutex_);
  const auto [first, last] = followers_.equal_range(job);
  for (auto it = first; it != last; ++it) it->second->changed_ = true;
}

void WatchHub::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

}  // namespace makeover
