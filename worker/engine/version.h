#pragma once

namespace makeover::engine {

// Written into every checkpoint and the `start` event.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace makeover::engine
