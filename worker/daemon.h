#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "storage/log.h"
#include "worker/agent.h"
#include "worker/cache.h"
#include "worker/child_logs.h"
#include "worker/coordinator_client.h"
#include "worker/engine_commands.h"
#include "worker/engine_process.h"
#include "worker/work_folder.h"
#include "worker/work_pool.h"

namespace makeover {

struct DaemonOptions {
  std::string coordinator;  // HOST:PORT
  std::string data_dir;     // Held by the caller's FileLock.
  std::string name;
  std::string identity;
  std::vector<v1::Device> devices;
  std::string version;
  v1::EngineAbilities abilities;  // Of the engine.
  EngineSettings engine;
  int64_t cache_bytes_max = 0;
  AgentOptions agent;
  int64_t shutdown_ms = 30'000;  // From Shutdown to the end, whatever is left.
};

// The shell around the agent: gives it the time, the coordinator's answers and the children's
// words, and does what it decides.
//
//   DATA_DIR/identity   tells this worker from a namesake
//   DATA_DIR/lock       one daemon at a time
//   DATA_DIR/cache/     see worker/cache.h
//   DATA_DIR/judges/    judges of datasets, a few megabytes each
//   DATA_DIR/work/      a folder per attempt, see worker/work_folder.h; emptied at the start
//
// Threads: the one in Run starts and ends the children; one heartbeats; pools transfer and report;
// each child has one that reads it. All of them meet at the agent, under one mutex.
class Daemon {
 public:
  // Opens the cache and empties the work folder. `registered` is called once, from a thread of the
  // daemon's, when the coordinator has first accepted this worker. Errors of the disk.
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(DaemonOptions options, Logger& logger,
                                                        std::function<void()> registered);
  ~Daemon();

  // Works until Shutdown has come to its end. The children die with the calling thread. Returns
  // whether everything was saved and reported.
  bool Run();
  // Stops the children so that they save, reports what they saved, then ends Run. Thread-safe.
  void Shutdown();
  // Ends Run at once; the children are killed. Thread-safe.
  void Kill();

 private:
  // What belongs to one attempt outside of the agent.
  struct Holding {
    absl::Notification ended;  // Its transfers are not wanted any more.
    absl::Mutex mutex;
    std::vector<Cache::Pin> pins ABSL_GUARDED_BY(mutex);
  };
  using HoldingPtr = std::shared_ptr<Holding>;

  Daemon(DaemonOptions options, Logger& logger, std::function<void()> registered,
         std::unique_ptr<Cache> cache);

  // Gives the agent an input and queues what it decides. The function gets the time.
  void Input(const std::function<Actions(Agent&, int64_t now_ms)>& input);
  bool NextActions(Actions* actions);
  bool Finished() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BuryChildren();

  void Do(const FetchInputs& action);
  void Do(const KeepPixels& action);
  void Do(const StartChild& action);
  void Do(const SendRequest& action);
  void Do(const SignalChild& action);
  void Do(const Upload& action);
  void Do(const Report& action);
  void Do(const Forget& action);

  // Says in the log, when called, that this lease waits.
  std::function<void(const absl::Status&)> Waiting(const LeaseId& lease);
  InputsReady Fetch(const v1::TaskSpec& spec, Holding& holding);
  Uploaded Store(const Upload& upload, const Holding& holding);
  void SendReport(const v1::ReportTaskRequest& request, const Holding& holding);
  EngineCallbacks CallbacksOf(const StartChild& action);
  void OnChildLine(ChildId child, absl::string_view line);
  void OnChildLog(const StartChild& action, absl::string_view bytes);
  void OnChildExit(ChildId child, const ChildExit& exit);

  void HeartbeatLoop();
  bool RegisterOnce();
  v1::RegisterRequest Registration(bool started) const;
  bool HeartbeatOnce();
  bool IsStopping();

  WorkFolder FolderOf(const LeaseId& lease) const { return {options_.data_dir + "/work", lease}; }
  HoldingPtr HoldingOf(const LeaseId& lease);

  const DaemonOptions options_;
  Logger& logger_;
  const std::function<void()> registered_;
  const std::unique_ptr<Cache> cache_;
  CoordinatorClient client_;
  absl::Notification ending_;  // Run is about to return.

  // Of the thread in Run.
  std::map<LeaseId, HoldingPtr> holdings_;
  std::map<ChildId, std::unique_ptr<EngineProcess>> children_;

  absl::Mutex mutex_;
  absl::CondVar changed_;
  Agent agent_ ABSL_GUARDED_BY(mutex_);
  Actions actions_ ABSL_GUARDED_BY(mutex_);  // Decided, not yet done.
  std::vector<ChildId> dead_ ABSL_GUARDED_BY(mutex_);
  bool told_ ABSL_GUARDED_BY(mutex_) = false;  // `registered_` was called.
  bool kill_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t shutdown_end_ms_ ABSL_GUARDED_BY(mutex_) = INT64_MAX;

  // Last: their threads use what is above.
  ChildLogs logs_;
  WorkPool transfers_;
  WorkPool reports_;
  std::thread heartbeats_;
};

}  // namespace makeover
