// The one rule by which a job's state follows from its tasks.
#pragma once

#include "storage/records.h"

namespace makeover {

struct TaskCounts {
  int pending = 0;
  int leased = 0;
  int succeeded = 0;
  int failed = 0;
  int cancelled = 0;
  int held = 0;

  void Add(TaskState state);
};

// SUCCEEDED, FAILED and CANCELLED: final.
bool IsTerminal(JobState state);
bool IsTerminal(TaskState state);

// A job that is to end early, because a person wishes it or a task failed for good: its leases are
// taken back and what has not begun is cancelled.
bool IsEnding(JobWish wish, const TaskCounts& counts);

// HELD only when nothing but held tasks is left: one bad shard does not keep the others from
// ending. REQUIRES: at least one task; if IsEnding, none is pending or held.
JobState StateOfJob(JobWish wish, const TaskCounts& counts);

}  // namespace makeover
