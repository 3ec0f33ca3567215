// What an exported generator takes and gives.
#pragma once

#include <cstdint>
#include <string>

namespace makeover::engine {

// Both are float32 [N, 3, height, width], RGB in [0, 1], for any N; the output may lie a little
// outside of [0, 1].
struct Contract {
  std::string input = "picture";
  std::string output = "makeover";
  int64_t height = 0;
  int64_t width = 0;
};

}  // namespace makeover::engine
