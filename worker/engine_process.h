#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "storage/file_io.h"
#include "worker/agent_actions.h"

namespace makeover {

// A line of a child beyond this is dropped.
inline constexpr size_t kEventLineBytesMax = 1 << 20;
// So much of the end of its stderr is kept for ChildExit::last_log.
inline constexpr size_t kLastLogBytesMax = 2'000;

struct EngineCommand {
  std::string program;
  std::vector<std::string> arguments;  // Without the program's name.
  uint64_t data_bytes_max = 0;         // RLIMIT_DATA; 0: no limit.
};

// Called from the process's own thread, in this order: lines and log pieces as they come, then
// `exit` once, as the last.
struct EngineCallbacks {
  std::function<void(absl::string_view line)> line;  // Of stdout, without the line feed.
  std::function<void(absl::string_view bytes)> log;  // Of stderr.
  std::function<void(const ChildExit& exit)> exit;
};

// A running mkengine. It is in a process group of its own, so that Ctrl-C in a terminal reaches the
// daemon alone, and it is killed when the thread that started it ends (PR_SET_PDEATHSIG), however
// that happens. Thread-safe, but not from within a callback of its own: neither destroy it there.
class EngineProcess {
 public:
  // REQUIRES: the calling thread lives as long as the process should. kUnavailable: no pipe, no
  // process. A program that cannot be executed exits with status 127, with the reason in its log.
  static absl::StatusOr<std::unique_ptr<EngineProcess>> Start(const EngineCommand& command,
                                                              EngineCallbacks callbacks);
  // Kills the process and waits for the last callback.
  ~EngineProcess();
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  // To stdin, with a line feed. kUnavailable: the process does not read any more.
  absl::Status WriteLine(absl::string_view line);
  // Does nothing once the process has ended.
  void Signal(int signal);
  pid_t pid() const { return pid_; }

 private:
  EngineProcess(pid_t pid, FileDescriptor process, FileDescriptor in, FileDescriptor out,
                FileDescriptor log, EngineCallbacks callbacks);

  void Run();  // The thread.
  bool ReadSome(FileDescriptor& from, bool is_log);
  void TakeLines(absl::string_view bytes);
  void TakeLog(absl::string_view bytes);
  ChildExit Reap();

  const pid_t pid_;
  const EngineCallbacks callbacks_;

  // Of the thread.
  FileDescriptor process_;  // A pidfd: readable once the process has ended.
  FileDescriptor out_;
  FileDescriptor log_;
  std::string line_;
  bool line_too_long_ = false;
  std::string last_log_;

  absl::Mutex mutex_;
  FileDescriptor in_ ABSL_GUARDED_BY(mutex_);
  bool reaped_ ABSL_GUARDED_BY(mutex_) = false;  // Its pid may belong to another process now.

  std::thread thread_;
};

}  // namespace makeover
