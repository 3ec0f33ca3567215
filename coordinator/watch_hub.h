#pragma once

#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/records.h"

namespace makeover {

// Wakes who follows a job. Each follower holds a thread, so that their number is bounded.
// Thread-safe.
class WatchHub {
 public:
  // One who follows `job`; counts as long as it lives.
  class Follower {
   public:
    Follower(WatchHub& hub, JobId job);
    ~Follower();
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    // False: there are kFollowersMax already; this one does not count and must not wait.
    bool admitted() const { return admitted_; }
    // Until the job has changed since the last call (at once, if it has), or `timeout` is over.
    // False: the hub is closed.
    bool Wait(absl::Duration timeout);
    // For `duration`, whatever changes. False: the hub is closed.
    bool Rest(absl::Duration duration);

   private:
    friend class WatchHub;
    WatchHub& hub_;
    const JobId job_;
    bool admitted_ = false;
    bool changed_ = false;  // Guarded by the hub's mutex.
  };

  void Changed(JobId job);
  // Wakes all, for good.
  void Close();

 private:
  absl::Mutex mutex_;
  std::multimap<JobId, Follower*> followers_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace makeover
