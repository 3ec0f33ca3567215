// Whole files under a final name, or nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace makeover {

// Writes to `path` + ".part", puts it on disk, renames, and puts the folder on disk. Returns the
// empty string, or a sentence that names the file and what the system said; then nothing is left
// behind. Thread-safe for different paths.
std::string WriteFileAtomically(const std::string& path, std::span<const uint8_t> bytes);
std::string WriteFileAtomically(const std::string& path, const std::string& text);

}  // namespace makeover
