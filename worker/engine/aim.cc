#include "worker/engine/aim.h"

#include <algorithm>

namespace makeover::engine {

std::vector<int> KeptAttributes(const Population& population, const Aim& aim) {
  std::vector<int> kept;
  for (const char* name : {"Smiling", "Mouth_Slightly_Open", "Young", "Pale_Skin", "Black_Hair",
                           "Bangs", "Eyeglasses", "High_Cheekbones"}) {
    const auto& names = population.attributes;
    const auto found = std::find(names.begin(), names.end(), name);
    const auto i = static_cast<int>(found - names.begin());
    if (found != names.end() && (aim.named >> i & 1) == 0) kept.push_back(i);
  }
  return kept;
}

}  // namespace makeover::engine
