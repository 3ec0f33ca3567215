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

}  // namespace makeover
