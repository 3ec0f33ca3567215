// Jobs, tasks, attempts, and the workers that run them. See records.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/blob_ref.h"

namespace makeover {

using JobId = uint32_t;  // From 1, in order of creation.

// The numbers below are stored: they never change, new ones are added.

enum class FailureClass : int { kNone = 0, kUser = 1, kTask = 2, kWorker = 3, kStorage = 4 };

struct Failure {
  FailureClass failure_class = FailureClass::kNone;
  std::string code;     // Stable, for scripts.
  std::string message;  // What and why.
  std::string advice;   // What to do.
  friend bool operator==(const Failure&, const Failure&) = default;
};

enum class JobKind : int { kTrain = 1, kConvert = 2, kPrepare = 3, kPreview = 4, kEvaluate = 5 };

enum class JobState : int {
  kQueued = 1,
  kRunning = 2,
  kPaused = 3,
  kCancelling = 4,
  kSucceeded = 5,
  kFailed = 6,
  kCancelled = 7,
  kHeld = 8,
};

// What a person has asked of a job.
enum class JobWish : int { kRun = 0, kPause = 1, kCancel = 2 };

struct Job {
  JobId id = 0;
  JobKind kind = JobKind::kTrain;
  JobState state = JobState::kQueued;
  JobWish wish = JobWish::kRun;
  std::string request_id;  // Unique where not empty: makes a creation idempotent.
  std::string owner;
  std::string description;
  int priority = 0;          // Higher first.
  JobId after_job = 0;       // Waits until that one SUCCEEDED; fails with it.
  int devices_per_task = 1;  // 0: needs none.
  int task_count = 1;
  TimeMs create_ms = 0;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  Failure failure;
  std::string dataset;  // Name; for all but conversion.
  std::string model;    // Name; made by a training, used by conversion and evaluation.
  std::string spec;     // Serialized TrainSpec, ConvertSpec, ...; opaque to the scheduler.
  uint32_t files_skipped = 0;
  friend bool operator==(const Job&, const Job&) = default;
};

enum class TaskState : int {
  kPending = 1,
  kLeased = 2,
  kSucceeded = 3,
  kFailed = 4,
  kCancelled = 5,
  kHeld = 6,
};

// The unit that is leased, retried and fenced.
struct Task {
  JobId job = 0;
  uint32_t index = 0;  // From 0 within the job.
  TaskState state = TaskState::kPending;
  uint32_t attempt = 0;              // Of the newest lease; rises with each.
  std::string worker;                // While leased.
  std::vector<std::string> devices;  // While leased.
  TimeMs leased_ms = 0;              // When the newest lease began.
  TimeMs not_before_ms = 0;          // Back-off.
  uint32_t task_failures = 0;        // Since the last progress (a checkpoint, a success).
  uint32_t worker_losses = 0;        // Since the last progress.
  std::vector<std::string> avoid;    // Workers on which it failed since the last progress.
  Failure failure;                   // The last one.
  BlobRef input;                     // Conversion: a tar of pictures.
  uint32_t files = 0;                // In input.
  BlobRef output;
  BlobRef manifest;
  uint32_t files_done = 0;
  uint32_t files_failed = 0;
  uint32_t step = 0;   // Training: of the newest checkpoint.
  BlobRef checkpoint;  // Training: to go on from.
  friend bool operator==(const Task&, const Task&) = default;
};

enum class AttemptOutcome : int {
  kRunning = 0,
  kSucceeded = 1,
  kReleased = 2,  // Stopped as wanted, everything saved.
  kFailed = 3,
  kLost = 4,  // The lease ran out.
};

struct Attempt {
  JobId job = 0;
  uint32_t task = 0;
  uint32_t attempt = 0;
  std::string worker;
  std::vector<std::string> devices;
  TimeMs start_ms = 0;
  TimeMs end_ms = 0;
  AttemptOutcome outcome = AttemptOutcome::kRunning;
  Failure failure;
  friend bool operator==(const Attempt&, const Attempt&) = default;
};

enum class WorkerMode : int {
  kActive = 1,
  kDraining = 2,  // By a person's wish. Takes nothing new.
  kCordoned = 3,  // By us: tasks keep failing on it.
};

struct Device {
  std::string name;  // cpu, cuda:0, ...
  std::string kind;  // cpu or cuda.
  std::string description;
  int64_t memory_bytes = 0;
  bool bf16 = false;
  friend bool operator==(const Device&, const Device&) = default;
};

struct Worker {
  std::string name;
  std::string identity;  // Random, kept by the worker.
  WorkerMode mode = WorkerMode::kActive;
  bool lost = false;  // Its lease ran out; ends with its next word.
  std::vector<Device> devices;
  TimeMs register_ms = 0;
  std::string version;
  uint32_t tasks_succeeded = 0;
  uint32_t tasks_failed = 0;
  uint32_t failures_in_a_row = 0;
  std::string reason;  // Why it is cordoned.
  friend bool operator==(const Worker&, const Worker&) = default;
};

struct Checkpoint {
  JobId job = 0;
  uint32_t step = 0;
  BlobRef blob;
  TimeMs create_ms = 0;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

struct Sample {
  JobId job = 0;
  uint32_t step = 0;
  BlobRef blob;
  friend bool operator==(const Sample&, const Sample&) = default;
};

struct Metric {
  JobId job = 0;
  uint32_t step = 0;
  std::map<std::string, double> values;
  friend bool operator==(const Metric&, const Metric&) = default;
};

// A name for the newest checkpoint of a training (step 0), or for a tagged one.
struct Model {
  std::string name;
  JobId job = 0;
  uint32_t step = 0;
  TimeMs create_ms = 0;
  friend bool operator==(const Model&, const Model&) = default;
};

}  // namespace makeover
