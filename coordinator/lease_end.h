// What becomes of a task when its lease ends, by the class of the failure.
#pragma once

#include <string>

#include "coordinator/draft.h"
#include "coordinator/scheduler_settings.h"

namespace makeover {

// A failure of the engine or the input, as reported. REQUIRES: the task is leased. The worker's
// record counts it: a worker on which different tasks keep failing is cordoned.
void FailLease(Draft& draft, const TaskKey& key, Failure failure, const SchedulerSettings& settings,
               TimeMs now);

// The worker does not have it any more: stopped as wanted, or never begun.
void ReleaseLease(Draft& draft, const TaskKey& key, const SchedulerSettings& settings, TimeMs now);

// The worker is gone (kLost), or says itself that it lost the task (kFailed).
void LoseLease(Draft& draft, const TaskKey& key, AttemptOutcome outcome, Failure failure,
               const SchedulerSettings& settings, TimeMs now);

// Forgets what counts against a task: it has made progress.
void ForgetFailures(Task& task);

}  // namespace makeover
