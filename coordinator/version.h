#pragma once

namespace makeover {

// Set by CMake: the project's version.
inline constexpr char kVersion[] = MAKEOVER_VERSION;

}  // namespace makeover
