// The picture that every part of imaging passes around: 8-bit RGB with an optional alpha plane. Std
// only, so that a program can use it without OpenCV's headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace makeover {

// A picture that cannot be read, written or drawn. what() is a sentence for the user, without the
// name of the file.
class PictureError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Pixels are rows from the top, each a run of R, G, B bytes (sRGB as stored, 0 to 255).
struct Picture {
  int width = 0;   // columns
  int height = 0;  // rows
  // height x width x 3 bytes.
  std::vector<uint8_t> pixels;
  // height x width bytes, 255 is opaque; empty where the file had no alpha channel.
  std::vector<uint8_t> alpha;

  bool empty() const { return pixels.empty(); }
  size_t area() const { return static_cast<size_t>(width) * static_cast<size_t>(height); }

  friend bool operator==(const Picture&, const Picture&) = default;
};

// A picture of one colour, without alpha. REQUIRES: width and height are positive.
inline Picture MakePicture(int width, int height, uint8_t red, uint8_t green, uint8_t blue) {
  Picture picture{width, height, {}, {}};
  picture.pixels.resize(picture.area() * 3);
  for (size_t i = 0; i < picture.pixels.size(); i += 3) {
    picture.pixels[i] = red;
    picture.pixels[i + 1] = green;
    picture.pixels[i + 2] = blue;
  }
  return picture;
}

}  // namespace makeover
