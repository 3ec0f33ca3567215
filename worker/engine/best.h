// Which of a training's evaluations is the best. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "worker/engine/evaluation.h"

namespace makeover::engine {

// The figures that the choice goes by.
struct Standing {
  int64_t step = 0;
  double target_rate = 0;
  double kid = 0;   // NaN where it is unknown
  double kept = 1;  // NaN where nothing has to be kept
  double low_l1 = 0;
};

Standing StandingOf(int64_t step, const Figures& figures);

// The rule: whoever keeps at least 90 % of the attributes within a low-L1 of 0.08 goes before
// whoever does not. Among those that do, the higher target rate, where 95 % and more count alike;
// then the lower attribute-KID. Among those that do not, whoever keeps more. Of equals the earlier
// stays.
bool IsBetter(const Standing& candidate, const Standing& best);

}  // namespace makeover::engine
