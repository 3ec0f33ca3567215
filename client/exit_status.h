#pragma once

#include "absl/status/status.h"

namespace makeover {

// What scripts rely on.
enum class ExitStatus : int {
  kDone = 0,         // for wait, watch, --follow and convert: the job SUCCEEDED
  kFailed = 1,       // it failed
  kUsage = 2,        // the command line is wrong
  kDetached = 3,     // it still runs
  kRefused = 4,      // the cluster or this machine does not allow it
  kUnreachable = 5,  // no coordinator answers
  kNotFound = 6,
  kInterrupted = 130,  // Ctrl-C
};

// OK gives kDone; what no other value describes gives kFailed.
ExitStatus ExitStatusOf(const absl::Status& status);

// The error of a local file: never one that means that no coordinator answers, nor one that a
// transfer would try again. OK stays OK.
absl::Status AsLocalError(const absl::Status& status);

}  // namespace makeover
