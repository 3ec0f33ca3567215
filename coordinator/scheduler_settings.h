#pragma once

#include <cstdint>

#include "storage/records.h"

namespace makeover {

// The times and limits that the scheduler keeps to.
struct SchedulerSettings {
  TimeMs heartbeat_ms = 5'000;  // A worker is heard from at least this often.
  TimeMs lease_ms = 20'000;     // Not heard from for so long: lost, its tasks go elsewhere.

  // After the first failure of a task it waits so long, after each further one retry_factor times
  // longer; at task_failures_max without progress between them the task is HELD.
  TimeMs retry_ms = 1'000;
  int retry_factor = 4;
  uint32_t task_failures_max = 3;

  uint32_t worker_losses_max = 20;      // More without progress between them: HELD.
  TimeMs storage_wait_ms = 30'000;      // After a full disk; for ever.
  uint32_t cordon_failures = 3;         // Different tasks that failed in a row on one worker.
  int shares_per_device = 2;            // Tasks of one conversion: one runs, one is fetched.
  int deviceless_tasks_per_worker = 2;  // Preparations and previews.
};

}  // namespace makeover
