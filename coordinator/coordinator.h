// The shell around the scheduler: one thread that decides, commits, applies, then answers.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/progress_board.h"
#include "coordinator/scheduler.h"
#include "coordinator/watch_hub.h"
#include "storage/catalog.h"

namespace makeover {

// What a decision may look at.
struct View {
  const Scheduler& scheduler;  // With everything that was decided before.
  const Catalog& catalog;      // What is committed.
  const Edit& pending;         // Decided before in the same round, not committed yet.
  TimeMs now;
};

// Decides one input. Called in the coordinator's thread; a second time if the disk was full when
// the round was committed, so that it must not change anything but its own captures, or writes rows
// that are the same the second time. kUnknown is fatal: see CoordinatorOptions.
using Decision = std::function<absl::StatusOr<Edit>(const View&)>;

// What a worker should run, with the jobs of the tasks.
struct WantedTasks {
  uint64_t version = 0;
  std::vector<std::pair<Job, Task>> tasks;
};
using WantedAnswer = std::function<void(absl::StatusOr<WantedTasks>)>;

struct CoordinatorOptions {
  SchedulerSettings scheduler;
  // Milliseconds since the epoch; must never go back.
  std::function<TimeMs()> clock;
  // Nobody knows what the disk holds: the process has to stop and start again from disk. Called
  // once; every later input is answered kUnavailable.
  std::function<void(const absl::Status&)> on_fatal;
};

// Group commit: each round takes every waiting input, decides them in order, each against the
// state after the ones before, commits once, then answers all. What was answered OK is durable.
// Where the disk is full, an input that has something to store is answered kResourceExhausted and
// nothing of it is applied; the others go on. Thread-safe.
class Coordinator {
 public:
  // `catalog`, `board` and `hub` must outlive it.
  static absl::StatusOr<std::unique_ptr<Coordinator>> Start(Catalog* catalog, ProgressBoard* board,
                                                            WatchHub* hub,
                                                            CoordinatorOptions options);
  // As Stop.
  ~Coordinator();

  // Returns when the decision is durable, or with its error.
  absl::Status Run(Decision decision);
  // What the scheduler knows, in line with all other inputs.
  absl::Status Read(const std::function<void(const View&)>& look);

  // Answers once, from the coordinator's thread: as soon as the wanted set differs from
  // heartbeat.wanted_version, or after `hang_ms`.
  void Heartbeat(WorkerHeartbeat heartbeat, std::vector<TaskProgress> progress, TimeMs hang_ms,
                 WantedAnswer answer);

  // Ends hanging heartbeats (kUnavailable) and the thread; later inputs are answered kUnavailable.
  void Stop();

  const SchedulerSettings& settings() const { return options_.scheduler; }
  TimeMs NowMs() const { return options_.clock(); }

 private:
  struct Input {
    Decision decide;
    std::function<void(const absl::Status&)> done;
  };
  struct Hanging {
    std::string worker;
    uint64_t version = 0;
    TimeMs until_ms = 0;
    WantedAnswer answer;
  };

  Coordinator(Catalog* catalog, ProgressBoard* board, WatchHub* hub, CoordinatorOptions options);

  bool Enqueue(Input input);
  void Loop();
  std::deque<Input> TakeInputs();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  std::optional<TimeMs> NextWakeMs() const;
  std::optional<TimeMs> UpkeepDueMs() const;

  // The rest runs in the coordinator's thread alone.
  void Round(std::deque<Input> inputs);
  absl::Status DecideOne(const Input& input, TimeMs now, Edit& pending);
  void RoundOneByOne(std::deque<Input> inputs);
  void Upkeep();
  absl::Status Accept(absl::StatusOr<Edit> edit, TimeMs now, Edit& pending);
  absl::Status Commit(const Edit& edit);
  void Publish(const Edit& edit);
  void Reload(TimeMs now);
  void Fail(const absl::Status& why);
  void ShowProgress(const std::string& worker, const std::vector<TaskProgress>& progress);
  void Hang(Hanging hanging);
  void AnswerHanging(bool all);
  absl::StatusOr<WantedTasks> WantedBy(const std::string& worker) const;

  Catalog* const catalog_;
  ProgressBoard* const board_;
  WatchHub* const hub_;
  const CoordinatorOptions options_;

  absl::Mutex mutex_;
  std::deque<Input> inputs_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The coordinator's thread alone touches these.
  Scheduler scheduler_;
  std::vector<Hanging> hanging_;
  bool dirty_ = true;  // Something has changed that Assign has not seen.
  TimeMs last_upkeep_ms_ = 0;
  TimeMs upkeep_not_before_ms_ = 0;  // While dirty.
  bool failed_ = false;

  std::thread thread_;
};

}  // namespace makeover
