// What an attribute reader learns of faces, and what results of the generator shall show. Free of
// LibTorch's headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace makeover::engine {

struct FaceLabels {
  std::vector<std::string> names;  // of the attributes, at most 64; without any, no reader
  std::vector<uint64_t> bits;      // per row of the pixel cache; bit k: it has names[k]
  size_t kept = 0;     // a result shall have the first so many where its source has them
  uint64_t aimed = 0;  // bit k of the others: all results shall have names[k], or none
};

}  // namespace makeover::engine
