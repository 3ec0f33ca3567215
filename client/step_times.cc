#include "client/step_times.h"

#include <google/protobuf/timestamp.pb.h>

#include <iterator>

namespace makeover {
namespace {

double Seconds(const google::protobuf::Timestamp& time) {
  return static_cast<double>(time.seconds()) + 1e-9 * time.nanos();
}

}  // namespace

StepTimes::StepTimes(const v1::Job& job, double now_seconds) {
  known_[job.step()] = job.has_end_time() ? Seconds(job.end_time()) : now_seconds;
  for (const v1::Checkpoint& checkpoint : job.checkpoints()) {
    known_[checkpoint.step()] = Seconds(checkpoint.create_time());
  }
  known_[0] = job.has_start_time() ? Seconds(job.start_time()) : Seconds(job.create_time());
}

double StepTimes::SecondsAt(uint32_t step) const {
  const auto after = known_.lower_bound(step);
  if (after == known_.end()) return known_.rbegin()->second;
  if (after->first == step || after == known_.begin()) return after->second;
  const auto before = std::prev(after);
  const double share = static_cast<double>(step - before->first) / (after->first - before->first);
  return before->second + share * (after->second - before->second);
}

}  // namespace makeover
