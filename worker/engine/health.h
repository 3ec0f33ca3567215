// Notices that a training goes wrong, from what it sees anyway. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "worker/engine/config.h"

namespace makeover::engine {

enum class Ill {
  kNo,
  kNotANumber,  // a loss is infinite or not a number
  kDiverged,    // the discriminator is surer than ever, and wrong
  kSaturated,   // the discriminator knows every picture: the generator learns nothing from it
  kCollapsed,   // different faces give nearly the same result
};

// A sentence for a person: what is wrong.
std::string DescribeIll(Ill ill);

// What the discriminator's loss is while it cannot tell: at logits of 0 for cross_entropy and
// hinge; for least_squares at its best constant, a half. `adversarial` as in Config.
double LossOfGuessing(const std::string& adversarial);

class HealthWatch {
 public:
  explicit HealthWatch(const Config& config);

  // The losses of a step, steps rising. Diverged: for 10 steps or more, the discriminator's is
  // above ten times what guessing gives. Saturated: for 500 steps or more, the running mean of the
  // discriminator's loss (of about the last 200 steps) is below 2 % of what guessing gives.
  Ill SeeLosses(int64_t step, double generator, double discriminator);

  // The same of a step that a stop, a clock or a suspicion chose: it is seen, but not kept, so that
  // the running mean is of the same steps in every run.
  Ill Glance(int64_t step, double generator, double discriminator);

  // How far the results for different faces lie apart, as a share of how far the faces do
  // themselves. Collapsed: below a tenth.
  Ill SeeSpread(double share) const;

  // What was seen of the discriminator's loss, for checkpoints: who goes on from one notices what
  // who went on without a stop would.
  struct Seen {
    double mean = 0;
    int64_t first_step = -1;  // -1: none yet
    int64_t latest_step = -1;
  };
  const Seen& seen() const { return seen_; }
  void GoOnFrom(const Seen& seen) { seen_ = seen; }

  // Whether the latest losses may be the beginning of an illness: no state to return to.
  bool suspects() const { return high_since_ >= 0; }

  // After a return to an earlier state.
  void Forget();

 private:
  double guessing_;  // the discriminator's loss where it cannot tell
  Seen seen_;
  int64_t high_since_ = -1;  // the first step of those with a loss too high; -1: it is not
};

// The mean over all values of the standard deviation between pictures: of `count` pictures of
// `size` bytes each, one behind the other.
double Spread(const uint8_t* pictures, int64_t count, int64_t size);

}  // namespace makeover::engine
