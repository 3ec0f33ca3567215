#pragma once

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/file_io.h"

namespace makeover {

// Hears SIGTERM and SIGINT in a thread of its own (signalfd(2)).
class SignalWatcher {
 public:
  // Keeps the signals from ending the process, and writing to a closed pipe from doing so.
  // REQUIRES: called before any other thread starts, since threads inherit this.
  static void Block();

  // `heard` gets the count of signals so far, from 1, in the watcher's thread. REQUIRES: Block.
  static absl::StatusOr<std::unique_ptr<SignalWatcher>> Start(std::function<void(int count)> heard);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  SignalWatcher(FileDescriptor signals, FileDescriptor stop, std::function<void(int)> heard);
  void Run();

  const FileDescriptor signals_;
  const FileDescriptor stop_;  // An eventfd.
  const std::function<void(int)> heard_;
  std::thread thread_;
};

}  // namespace makeover
