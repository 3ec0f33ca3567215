#include "worker/child_logs.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace makeover {

ChildLogs::ChildLogs(Send send) : send_(std::move(send)), thread_([this] { Run(); }) {}

ChildLogs::~ChildLogs() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
    stop_changed_.SignalAll();
  }
  thread_.join();
}

void ChildLogs::Append(const LeaseId& lease, const std::string& path, absl::string_view bytes) {
  constexpr absl::string_view kCut = "\n(the log is cut here: it is too long)\n";
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<Log>& log = logs_[lease];
  if (log == nullptr) {
    log = std::make_shared<Log>();
    log->path = path;
    auto file = OpenFile(path, O_RDWR | O_CREAT | O_APPEND);
    if (file.ok()) log->file = *std::move(file);
  }
  if (!log->file.is_open() || log->size >= kChildLogBytesMax) return;
  const bool cut = log->size + static_cast<int64_t>(bytes.size()) > kChildLogBytesMax;
  if (cut) bytes = bytes.substr(0, static_cast<size_t>(kChildLogBytesMax - log->size));
  for (const absl::string_view piece : {bytes, cut ? kCut : absl::string_view()}) {
    if (!WriteAll(log->file.get(), piece, path).ok()) return;
    log->size += static_cast<int64_t>(piece.size());
  }
}

bool ChildLogs::TakePiece(const LeaseId& lease, int64_t* offset, std::string* bytes) {
  absl::MutexLock lock(&mutex_);
  const auto it = logs_.find(lease);
  if (it == logs_.end()) return false;
  const Log& log = *it->second;
  if (log.refused || log.sent >= log.size) return false;
  *offset = log.sent;
  const auto size = std::min<int64_t>(log.size - log.sent, kLogPieceBytesMax);
  return ReadAt(log.file.get(), *offset, static_cast<size_t>(size), log.path, bytes).ok() &&
         !bytes->empty();
}

absl::Status ChildLogs::Note(const LeaseId& lease, int64_t sent, const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  const auto it = logs_.find(lease);
  if (it == logs_.end()) return absl::OkStatus();
  if (status.ok()) {
    it->second->sent = std::max(it->second->sent, sent);
    return absl::OkStatus();
  }
  const bool later = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
                     absl::IsResourceExhausted(status);
  if (later) return status;
  it->second->refused = true;
  return absl::OkStatus();
}

// The coordinator leaves out what it has.
void ChildLogs::Rewind(const LeaseId& lease) {
  absl::MutexLock lock(&mutex_);
  const auto it = logs_.find(lease);
  if (it != logs_.end()) it->second->sent = 0;
}

absl::Status ChildLogs::Flush(const LeaseId& lease) {
  int64_t offset = 0;
  std::string bytes;
  bool rewound = false;
  while (TakePiece(lease, &offset, &bytes)) {
    const absl::Status sent = send_(lease, offset, bytes);
    if (absl::IsOutOfRange(sent) && !std::exchange(rewound, true)) {
      Rewind(lease);
      continue;
    }
    const absl::Status noted = Note(lease, offset + static_cast<int64_t>(bytes.size()), sent);
    if (!noted.ok()) return noted;
  }
  return absl::OkStatus();
}

void ChildLogs::Forget(const LeaseId& lease) {
  absl::MutexLock lock(&mutex_);
  logs_.erase(lease);
}

void ChildLogs::Run() {
  while (true) {
    std::vector<LeaseId> leases;
    {
      absl::MutexLock lock(&mutex_);
      if (!stop_) stop_changed_.WaitWithTimeout(&mutex_, absl::Milliseconds(kLogIntervalMs));
      if (stop_) return;
      for (const auto& [lease, log] : logs_) leases.push_back(lease);
    }
    for (const LeaseId& lease : leases) {
      if (!Flush(lease).ok()) break;  // Nobody takes it now: again at the next turn.
    }
  }
}

}  // namespace makeover
