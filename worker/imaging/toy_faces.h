// Draws faces: an aligned portrait photo of nobody.
#pragma once

#include <array>

#include "worker/imaging/picture.h"
#include "worker/imaging/toy_cast.h"

namespace makeover {

inline constexpr int kToyWidth = 178;
inline constexpr int kToyHeight = 218;

// x and y of the left eye, the right eye, the nose, the left and the right corner of the mouth, as
// seen in the picture; whole pixels, as in CelebA's list.
using ToyLandmarks = std::array<int, 10>;

// 178 x 218. The same face gives the same bytes on every machine. Thread-safe; about 5 ms.
Picture DrawToyFace(const ToyFace& face);

ToyLandmarks LandmarksOf(const ToyFace& face);

}  // namespace makeover
