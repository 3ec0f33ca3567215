// What an attribute reader learns of faces, and what results of the generator shall show. Free of
// LibTorch's headers.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/population.h"

namespace makeover::engine {

// Attributes are numbers within population.attributes.
struct FaceLabels {
  struct Kept {
    int attribute = 0;
    double share = 0;  // of the sources that have it, from 0 to 1
  };
  struct Aimed {
    int attribute = 0;
    bool value = false;  // all results shall have it, or none
  };
  Population population;       // of the rows of the pixel cache
  std::vector<int64_t> learn;  // rows that the reader learns from
  std::vector<Kept> kept;      // a result shall have these where its source has them
  std::vector<Aimed> aimed;

  // Whether there is anything to read.
  bool any() const { return !learn.empty() && !(kept.empty() && aimed.empty()); }
};

}  // namespace makeover::engine
