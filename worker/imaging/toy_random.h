// Random numbers for drawn faces: the same on every machine and compiler, unlike std's
// distributions.
#pragma once

#include <cstdint>

namespace makeover {

// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). Not
// thread-safe.
class ToyRandom {
 public:
  explicit ToyRandom(uint64_t seed) : state_(seed) {}
  // An independent stream for each (seed, stream, index).
  ToyRandom(uint64_t seed, uint64_t stream, uint64_t index)
      : state_(Mix(Mix(Mix(seed) ^ stream) ^ index)) {}

  uint64_t Next() {
    state_ += kGamma;
    return Finish(state_);
  }
  // [0, 1)
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
  double Between(double low, double high) { return low + (high - low) * Unit(); }
  bool Chance(double probability) { return Unit() < probability; }
  // 0 to count - 1. REQUIRES: count is positive.
  int Below(int count) { return static_cast<int>(Next() % static_cast<uint64_t>(count)); }
  // Bell-shaped with mean 0 and deviation 1, never beyond 2.45: the sum of two uniforms.
  double Bell() { return (Unit() + Unit() - 1.0) * 2.449489742783178; }

 private:
  static constexpr uint64_t kGamma = 0x9E3779B97F4A7C15;

  static uint64_t Finish(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  static uint64_t Mix(uint64_t value) { return Finish(value + kGamma); }

  uint64_t state_;
};

}  // namespace makeover
