// Chance that is an argument: every draw is a function of a seed, a stream and an index, so that a
// resumed run draws what the uninterrupted one would have drawn. Integer arithmetic only: the same
// on every machine.
#pragma once

#include <cstdint>

namespace makeover::engine {

// What the draws are for; each has its own stream. The values are part of the checkpoint format.
enum class Stream : uint64_t {
  kWeights = 1,
  kSourceOrder = 2,
  kTargetOrder = 3,
  kSourceFlip = 4,
  kTargetFlip = 5,
  kNoise = 6,
  kAugment = 7,
  kReader = 8,  // 9 was another's
  kJudgeWeights = 32,
  kJudgeOrder = 33,
  kJudgeFlip = 34,
  kJudgeJitter = 35,
  kJudgeDropout = 36,
  kPeople = 37,
  kSubsets = 38
};

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  Random(uint64_t seed, Stream stream, uint64_t index);

  uint64_t Next();
  // Uniform in [0, bound), without bias. REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [-1, 1).
  float Signed();

 private:
  uint64_t state_;
};

}  // namespace makeover::engine
