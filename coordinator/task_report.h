#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/scheduler_state.h"
#include "storage/records.h"

namespace makeover {

enum class OutcomeKind { kSucceeded, kFailed, kReleased };

// How an attempt ended.
struct TaskOutcome {
  OutcomeKind kind = OutcomeKind::kSucceeded;
  Failure failure;   // With kFailed.
  BlobRef output;    // Conversion, preview.
  BlobRef manifest;  // Conversion.
  uint32_t files_done = 0;
  uint32_t files_failed = 0;
  std::vector<Quarantined> quarantined;  // Preparation.
};

// What a worker says about one of its leases. The job of metrics, checkpoints and samples is taken
// from the lease.
struct TaskReport {
  std::string worker;
  std::string identity;
  LeaseKey lease;
  std::vector<Metric> metrics;
  std::vector<Checkpoint> checkpoints;
  std::vector<Sample> samples;
  std::optional<TaskOutcome> outcome;
};

// What a worker says of itself.
struct WorkerHeartbeat {
  std::string worker;
  std::string identity;
  std::vector<LeaseKey> running;  // Every lease that it still has in its hands.
  uint64_t wanted_version = 0;    // Of the newest wanted set that it has taken in; 0: none yet.
};

}  // namespace makeover
