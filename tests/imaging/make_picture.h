// Pictures and picture files made for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/imaging/picture.h"

namespace makeover {

// Smooth colours that differ in every corner: top left red, top right green, bottom left blue,
// bottom right yellow.
Picture CornersPicture(int width, int height);

// Fine detail everywhere; the same for the same seed.
Picture NoisePicture(int width, int height, uint64_t seed);

// A PNG file of zeros, of any size, colour type and depth (PNG's own numbers); it is compressed as
// it is made, so that a huge one costs no memory.
std::vector<uint8_t> ZeroPng(uint32_t width, uint32_t height, int colour_type, int depth);

// A PNG file of these rows (each a filter byte 0, then samples).
std::vector<uint8_t> RawPng(uint32_t width, uint32_t height, int colour_type, int depth,
                            const std::vector<uint8_t>& rows);

// The JPEG file with an EXIF segment that states this orientation.
std::vector<uint8_t> WithOrientation(const std::vector<uint8_t>& jpeg, int orientation);

// Mean absolute difference over a rectangle of two pictures of one size.
double MeanDifference(const Picture& a, const Picture& b, int x, int y, int width, int height);

}  // namespace makeover
