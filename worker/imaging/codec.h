// Bytes of a picture file to pixels and back. All functions are thread-safe and throw PictureError.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "worker/imaging/picture.h"
#include "worker/imaging/picture_header.h"

namespace makeover {

struct DecodeLimits {
  // Width x height as the header states them; a bigger picture is refused before a pixel is
  // decoded.
  int64_t pixels_max = 64'000'000;
};

// Decodes JPEG, PNG, WebP, BMP or TIFF to 8-bit RGB, upright (the EXIF orientation is applied), the
// alpha channel kept apart. Gray, palette, CMYK and 16-bit pictures are converted. Colour profiles
// are not applied. Throws PictureError where the bytes are no picture, are damaged or cut off, or
// state more pixels than the limit.
Picture DecodePicture(std::span<const uint8_t> bytes, const DecodeLimits& limits = {});

// Encodes at the highest quality that is usual for the format: JPEG at 95 (alpha is dropped: JPEG
// has none), the others without loss. Equal pictures give equal bytes. REQUIRES: format is not
// kUnknown.
std::vector<uint8_t> EncodePicture(const Picture& picture, PictureFormat format);

// The whole file, then DecodePicture; and EncodePicture by the extension of the name, to a
// temporary name beside it, then renamed. Throw PictureError, also for what the file system
// refuses.
Picture ReadPicture(const std::string& path, const DecodeLimits& limits = {});
void WritePicture(const std::string& path, const Picture& picture);

}  // namespace makeover
