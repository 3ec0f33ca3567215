// What a training shall keep, by its labels. Free of LibTorch's headers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace makeover::engine {

struct KeptLabels {
  std::vector<std::string> names;  // of the attributes, at most 64
  std::vector<uint64_t> bits;      // per row of the pixel cache; bit k: it has names[k]
};

}  // namespace makeover::engine
