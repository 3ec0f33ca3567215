#include "coordinator/job_state.h"

namespace makeover {

void TaskCounts::Add(TaskState state) {
  switch (state) {
    case TaskState::kPending:
      ++pending;
      break;
    case TaskState::kLeased:
      ++leased;
      break;
    case TaskState::kSucceeded:
      ++succeeded;
      break;
    case TaskState::kFailed:
      ++failed;
      break;
    case TaskState::kCancelled:
      ++cancelled;
      break;
    case TaskState::kHeld:
      ++held;
      break;
  }
}

bool IsTerminal(JobState state) {
  return state == JobState::kSucceeded || state == JobState::kFailed ||
         state == JobState::kCancelled;
}

bool IsTerminal(TaskState state) {
  return state == TaskState::kSucceeded || state == TaskState::kFailed ||
         state == TaskState::kCancelled;
}

bool IsEnding(JobWish wish, const TaskCounts& counts) {
  return wish == JobWish::kCancel || counts.failed > 0;
}

JobState StateOfJob(JobWish wish, const TaskCounts& counts) {
  if (counts.leased > 0) return IsEnding(wish, counts) ? JobState::kCancelling : JobState::kRunning;
  if (counts.failed > 0) return JobState::kFailed;
  if (counts.pending > 0) return wish == JobWish::kPause ? JobState::kPaused : JobState::kQueued;
  if (counts.held > 0) return JobState::kHeld;
  return counts.cancelled > 0 ? JobState::kCancelled : JobState::kSucceeded;
}

}  // namespace makeover
