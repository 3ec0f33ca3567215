#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/scheduler_state.h"

namespace makeover {

// What the engine wrote, one file per attempt: DIR/<job>/<task>-<attempt>.log, numbers with
// leading zeros. Not flushed to disk: a log may lose its end with the power, never a job.
// Thread-safe. Errors as ErrnoStatus.
class AttemptLogs {
 public:
  explicit AttemptLogs(std::string dir) : dir_(std::move(dir)) {}

  // Puts `data` at `offset` of the log. Bytes that are there already are left out; so are those
  // beyond kAttemptLogBytesMax. kOutOfRange: bytes before `offset` are missing; the sentence names
  // how many there are.
  absl::Status Append(const LeaseKey& lease, int64_t offset, absl::string_view data);

  // The logs of a job, in order of tasks and attempts.
  std::vector<std::string> PathsOf(JobId job) const;

 private:
  const std::string dir_;
  absl::Mutex mutex_;  // One writer at a time.
};

}  // namespace makeover
