#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "makeover/v1/workers.pb.h"

namespace makeover {

// Names one attempt at one task: what a Lease names on the wire, as a value with an order.
struct LeaseId {
  uint32_t job = 0;
  uint32_t task = 0;
  uint32_t attempt = 0;
  friend auto operator<=>(const LeaseId&, const LeaseId&) = default;
};

inline LeaseId FromProto(const v1::Lease& lease) {
  return {lease.job(), lease.task(), lease.attempt()};
}

inline v1::Lease ToProto(const LeaseId& id) {
  v1::Lease lease;
  lease.set_job(id.job);
  lease.set_task(id.task);
  lease.set_attempt(id.attempt);
  return lease;
}

// "JOB-TASK-ATTEMPT": the name of its work folder, and of its request to a convert child.
inline std::string ToString(const LeaseId& id) {
  return std::to_string(id.job) + "-" + std::to_string(id.task) + "-" + std::to_string(id.attempt);
}

}  // namespace makeover
