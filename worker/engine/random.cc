#include "worker/engine/random.h"

namespace makeover::engine {
namespace {

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

Random::Random(uint64_t seed, Stream stream, uint64_t index)
    : state_(Mix(Mix(Mix(seed + 0x9E3779B97F4A7C15ULL) + static_cast<uint64_t>(stream)) + index)) {}

uint64_t Random::Next() { return Mix(state_ += 0x9E3779B97F4A7C15ULL); }

float Random::Signed() {
  constexpr int64_t kHalf = int64_t{1} << 23;  // what a float holds exactly
  return static_cast<float>(static_cast<int64_t>(Next() >> 40) - kHalf) / static_cast<float>(kHalf);
}

uint64_t Random::Below(uint64_t bound) {
  // Values below 2^64 mod bound would make small results likelier.
  const uint64_t rejected = (0 - bound) % bound;
  uint64_t value = Next();
  while (value < rejected) value = Next();
  return value % bound;
}

}  // namespace makeover::engine
