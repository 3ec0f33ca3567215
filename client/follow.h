#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/exit_status.h"
#include "client/session.h"

namespace makeover {

// A coordinator that went away in the middle of following is awaited this long.
inline constexpr std::chrono::minutes kFollowPatience{5};

struct FollowOptions {
  bool quiet = false;  // no moving line, no words
  // Called with every news of the job, also the last. An error ends the following. May be empty.
  std::function<absl::Status(const v1::Job&)> on_update;
};

struct Followed {
  v1::Job job;            // as last seen
  bool detached = false;  // by Ctrl-C
};

// Follows a job until it is terminal or HELD (then a person has to decide), or until Ctrl-C, which
// leaves the job going on. Outlives a restart of the coordinator. NOT_FOUND; UNAVAILABLE.
absl::StatusOr<Followed> FollowJob(Session& session, uint32_t id, const FollowOptions& options);

// kDone, kFailed or kInterrupted; says on stderr how it ended, unless quiet.
ExitStatus EndOfFollowing(const Session& session, const Followed& followed, bool quiet);

}  // namespace makeover
