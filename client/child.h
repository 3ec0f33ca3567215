#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/file_io.h"

namespace makeover {

// A program that runs below this one: in a process group of its own, so that a terminal's Ctrl-C
// reaches this process alone, and told to stop (SIGTERM) by the kernel if this process dies in
// whatever way. Its stdout and stderr come here as lines. Not thread-safe; start it from the main
// thread, whose end would otherwise count as this process's (prctl(2), PR_SET_PDEATHSIG).
class Child {
 public:
  // argv[0] is the program's path. Errors as ErrnoStatus.
  static absl::StatusOr<Child> Start(const std::vector<std::string>& argv);

  // To be polled for input; -1 at its end.
  int output_fd() const { return output_.get(); }

  // Takes what can be read without waiting and hands out whole lines.
  void ReadLines(const std::function<void(const std::string& line)>& take);

  // Hands out lines until its output ends, then waits: its exit status, or 128 + the signal.
  int ReadToEnd(const std::function<void(const std::string& line)>& take);

  // How it ended, once: its exit status, or 128 + the signal. Nothing while it runs.
  std::optional<int> Reap();

  void Signal(int signal_number) const;

 private:
  Child(pid_t pid, FileDescriptor output) : pid_(pid), output_(std::move(output)) {}

  pid_t pid_;
  FileDescriptor output_;
  std::string rest_;  // a line without its end yet
};

}  // namespace makeover
