// A PNG writer without a library, for sample pictures on machines that have LibTorch alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace makeover::engine {

// The bytes of a PNG file of 8-bit RGB pixels, stored without compression (RFC 1951, 3.2.4).
// REQUIRES: rgb.size() == width * height * 3; both sizes above 0.
std::string EncodeStoredPng(int width, int height, const std::vector<uint8_t>& rgb);

}  // namespace makeover::engine
