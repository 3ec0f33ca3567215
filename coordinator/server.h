#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/scheduler_settings.h"
#include "storage/records.h"

namespace makeover {

struct ServerOptions {
  std::string data_dir;
  std::string listen = "127.0.0.1:7760";  // HOST:PORT; port 0 takes a free one.
  bool insecure = false;                  // Beyond loopback without authentication.
  SchedulerSettings scheduler;
  std::function<TimeMs()> clock;     // As CoordinatorOptions.
  std::function<uint64_t()> random;  // For seeds; thread-safe.
  std::function<void(const absl::Status&)> on_fatal;
};

// A coordinator that serves on a port, with its data folder locked. Thread-safe.
class Server {
 public:
  // kFailedPrecondition: the address is not loopback and `insecure` is not set, another process
  // holds the data folder, or the folder was written by a newer version. kUnavailable: the port is
  // taken. Else errors of storage.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  // As Stop.
  ~Server();

  const std::string& address() const;  // HOST:PORT, the port as it is.
  // Ends hanging calls and lets the others end for a moment.
  void Stop();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace makeover
