// Reads what a picture file says about itself, from its bytes alone, before anything is decoded:
// format, size, orientation, and whether the file is whole. Safe on any bytes: no allocation that
// depends on them, no exception. Formats: JPEG (ITU-T T.81), PNG (W3C), WebP (RFC 9649), BMP,
// TIFF 6.0 (both byte orders; not BigTIFF).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace makeover {

enum class PictureFormat { kUnknown, kJpeg, kPng, kWebp, kBmp, kTiff };

struct PictureHeader {
  PictureFormat format = PictureFormat::kUnknown;
  int64_t width = 0;  // pixels as stored, before the orientation is applied
  int64_t height = 0;
  // EXIF orientation 1 to 8; 1 where the file names none or an impossible one. Always 1 for TIFF,
  // whose decoder applies it.
  int orientation = 1;
};

// "JPEG", "PNG", ...; "unknown".
const char* FormatName(PictureFormat format);

// By the file's first bytes, never by its name.
PictureFormat SniffFormat(std::span<const uint8_t> bytes);

// By the extension of a file name, in any case ("a/b.JPG"); kUnknown for any other.
PictureFormat FormatOfName(const std::string& file_name);

// Fills `header` and returns the empty string, or returns a sentence that says why this is no
// readable picture: empty, text or HTML, an unknown format, a damaged header, a size of zero, or
// cut off before its end.
std::string ReadPictureHeader(std::span<const uint8_t> bytes, PictureHeader* header);

}  // namespace makeover
