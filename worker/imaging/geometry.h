// Where the face lies in an aligned picture, and how the generator's window is cut out and put
// back.
//
// CelebA's aligned pictures are 178 x 218, and by default the generator sees the 80 x 100 pixels at
// x=49, y=90: the face without hair. A picture of any other size is taken to be the same photo,
// scaled: the frame is the largest centred rectangle of the frame's aspect, and the window scales
// with it. Where the frame is the window, the picture's middle is seen, however it was aligned. All
// functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "worker/imaging/picture.h"

namespace makeover {

struct FaceGeometry {
  int frame_width = 178;
  int frame_height = 218;
  int window_x = 49;
  int window_y = 90;
  int window_width = 80;
  int window_height = 100;
  // Of a cut-out window, in pixels: what the generator sees.
  int width = 80;
  int height = 100;
  // Width of the soft border of a pasted window, as a share of the window's width.
  double feather = 0.1;

  // Bytes of a cut-out window: height x width x 3.
  size_t window_bytes() const {
    return static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  }
};

struct PixelRect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;

  friend bool operator==(const PixelRect&, const PixelRect&) = default;
};

// The window's place in a picture of this size, in whole pixels, inside the picture and at least 1
// x 1. REQUIRES: width and height are positive.
PixelRect WindowRect(int width, int height, const FaceGeometry& geometry = {});

// The window as height x width x 3 bytes (rows from the top, RGB). An exact copy where the window
// has that size in the picture; else area-averaged when shrinking, bicubic when growing. Throws
// PictureError for an empty picture.
std::vector<uint8_t> CropWindow(const Picture& picture, const FaceGeometry& geometry = {});

// Adds strength x mask x (after - before), scaled up to the window's place, to the picture: a big
// picture keeps its own detail under the change. The mask rises smoothly from 0 at the window's
// border to 1 over `feather`. Outside of the window, and everywhere at strength 0, no byte changes.
// The size and alpha stay. `before` is what CropWindow gave, `after` what the generator made of it.
// Throws PictureError for an empty picture, a wrong size of before or after, or a strength outside
// of 0 to 1.
void PasteWindow(Picture& picture, std::span<const uint8_t> before, std::span<const uint8_t> after,
                 double strength = 1.0, const FaceGeometry& geometry = {});

// The same for a float window, in levels from 0 to 255 (values outside are clamped).
void PasteWindow(Picture& picture, std::span<const uint8_t> before, std::span<const float> after,
                 double strength = 1.0, const FaceGeometry& geometry = {});

}  // namespace makeover
