#pragma once

#include <string>

namespace makeover {

// A random id for requests that must not be made twice: 32 hexadecimal digits.
std::string RandomRequestId();

}  // namespace makeover
