#pragma once

#include <cstdint>

namespace makeover {

// What a picture's file may have: no more is imported, sent to be converted, or decoded.
inline constexpr int64_t kPictureBytesMax = int64_t{256} << 20;

}  // namespace makeover
