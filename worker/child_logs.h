#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "storage/file_io.h"
#include "worker/lease_id.h"

namespace makeover {

// Of an attempt's log; what a child writes beyond it is dropped.
inline constexpr int64_t kChildLogBytesMax = 16 << 20;
inline constexpr size_t kLogPieceBytesMax = 256 << 10;
inline constexpr int64_t kLogIntervalMs = 1'000;

// What the children write to stderr: captured in a file per attempt, and sent on from there by
// offset, about once a second. Sending the same bytes twice is harmless. Thread-safe.
class ChildLogs {
 public:
  // Stores bytes of an attempt's log at an offset. Called from several threads.
  using Send = std::function<absl::Status(const LeaseId&, int64_t offset, absl::string_view bytes)>;

  explicit ChildLogs(Send send);
  ~ChildLogs();
  ChildLogs(const ChildLogs&) = delete;
  ChildLogs& operator=(const ChildLogs&) = delete;

  // To the attempt's log in `path`, which is made where it is missing. A full disk loses the bytes.
  void Append(const LeaseId& lease, const std::string& path, absl::string_view bytes);
  // Sends what is there now. Returns the error of `send` if it may succeed later (kUnavailable,
  // kDeadlineExceeded, kResourceExhausted: the coordinator's disk is full). After kOutOfRange,
  // which says that what was sent is lost, it is sent again, once. Any other ends this attempt's
  // sending.
  absl::Status Flush(const LeaseId& lease);
  void Forget(const LeaseId& lease);

 private:
  struct Log {
    std::string path;
    FileDescriptor file;
    int64_t size = 0;
    int64_t sent = 0;
    bool refused = false;  // The coordinator does not want it.
  };

  void Run();
  bool TakePiece(const LeaseId& lease, int64_t* offset, std::string* bytes);
  absl::Status Note(const LeaseId& lease, int64_t sent, const absl::Status& status);
  void Rewind(const LeaseId& lease);

  const Send send_;
  absl::Mutex mutex_;
  absl::CondVar stop_changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<LeaseId, std::shared_ptr<Log>> logs_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace makeover
