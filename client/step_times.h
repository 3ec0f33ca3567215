#pragma once

#include <cstdint>
#include <map>

#include "makeover/v1/jobs.pb.h"

namespace makeover {

// When was a training at a step? Its start, its checkpoints and where it is now have both; between
// them time is taken to run evenly. A value; pure.
class StepTimes {
 public:
  // `now_seconds`: since 1970, as all times here.
  StepTimes(const v1::Job& job, double now_seconds);

  double SecondsAt(uint32_t step) const;

 private:
  std::map<uint32_t, double> known_;  // never empty
};

}  // namespace makeover
