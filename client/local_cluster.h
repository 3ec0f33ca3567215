#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/child.h"
#include "client/exit_status.h"
#include "client/output.h"

namespace makeover {

struct LocalClusterOptions {
  std::string bin_dir;  // where mkcoordinator and mkworker lie
  std::string data_dir;
  std::string listen;
  std::vector<std::string> devices;  // one entry per worker, as mkworker's --devices
  int threads = 0;                   // per worker; 0: its own choice
};

// A coordinator and workers as children of this process. One that dies is started again, later each
// time. Runs in one thread, on signals and pipes.
class LocalCluster {
 public:
  // `on_listening` is called with the address each time the coordinator has come up; `on_ready`
  // once, when every worker has registered for the first time.
  LocalCluster(LocalClusterOptions options, const Output& out,
               std::function<void(const std::string& address)> on_listening,
               std::function<void()> on_ready);

  // Until SIGINT, SIGTERM or SIGHUP (StopSignals): then the workers are stopped first (they save),
  // the coordinator last; a second signal ends all at once. kFailed: the coordinator did not start.
  // REQUIRES: called in the main thread, before any other was started.
  absl::StatusOr<ExitStatus> Run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase { kRunning, kStoppingWorkers, kStoppingCoordinator };

  struct Member {
    std::string name;
    bool is_coordinator = false;
    std::optional<Child> child;
    Clock::time_point started;
    std::optional<Clock::time_point> restart;  // when to start it again
    std::chrono::milliseconds backoff{0};
    bool came_up = false;
  };

  std::vector<std::string> CommandOf(const Member& member) const;
  absl::Status Start(Member& member);
  void StartWorkers();
  void TakeLine(Member& member, const std::string& line);
  void Wait(int signal_fd);
  void TakeSignals(int signal_fd);
  void ReapAll();
  void Ended(Member& member, int status);
  void RestartDue();
  void Advance();
  void BeginStop();
  void SignalAll(bool coordinator, int signal_number);
  bool AnyRuns(bool coordinator) const;

  const LocalClusterOptions options_;
  const Output& out_;
  const std::function<void(const std::string& address)> on_listening_;
  const std::function<void()> on_ready_;
  std::vector<Member> members_;  // the coordinator first
  std::string address_;
  Phase phase_ = Phase::kRunning;
  Clock::time_point deadline_;  // of the phase: then SIGKILL
  bool workers_started_ = false;
  bool ready_said_ = false;
  absl::Status failure_;
  bool finished_ = false;
};

}  // namespace makeover
