// What a conversion is meant to change, and what it is not. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "worker/engine/population.h"

namespace makeover::engine {

// What a conversion is meant to change.
struct Aim {
  struct Term {
    int attribute = 0;
    bool value = false;
  };
  // The target attribute: where the target demands the opposite of what every source face is, just
  // that; else the whole target filter, with what source and target share granted.
  std::function<bool(uint64_t bits)> met;
  // The whole target filter, with what source and target share granted.
  std::function<bool(uint64_t bits)> met_wholly;
  // What the target demands one by one and the source does not have anyway; the first
  // `headline_terms` of them are what `met` tells, where it tells no more than terms.
  std::vector<Term> terms;
  size_t headline_terms = 0;
  uint64_t named = 0;  // attributes that may change: they do not count among those kept
  std::string words;   // what `met` tells, for a person: "!Male"
};

// Attributes (of those a face keeps whatever becomes of its sex and age) that the population has
// and the aim does not name, as numbers.
std::vector<int> KeptAttributes(const Population& population, const Aim& aim);

}  // namespace makeover::engine
