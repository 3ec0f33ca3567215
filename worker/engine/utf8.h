// UTF-8 (RFC 3629), as far as JSON and messages need it. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace makeover::engine {

// Appends a code point up to U+10FFFF.
void AppendUtf8(uint32_t code, std::string* out);

// The text itself where it is UTF-8; each byte that cannot be part of it becomes U+FFFD.
std::string ValidUtf8(std::string_view text);

}  // namespace makeover::engine
