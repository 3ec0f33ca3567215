#include "worker/imaging/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "tests/imaging/make_picture.h"

namespace makeover {
namespace {

constexpr FaceGeometry kGeometry;

std::vector<uint8_t> FlatWindow(uint8_t level) {
  return std::vector<uint8_t>(kGeometry.window_bytes(), level);
}

TEST(Geometry, WindowOfCelebA) { EXPECT_EQ(WindowRect(178, 218), (PixelRect{49, 90, 80, 100})); }

TEST(Geometry, WindowScalesWithTheFrame) {
  EXPECT_EQ(WindowRect(356, 436), (PixelRect{98, 180, 160, 200}));
  // The frame is centred: 100 columns are left over at each side, then 100 rows above and below.
  EXPECT_EQ(WindowRect(378, 218), (PixelRect{149, 90, 80, 100}));
  EXPECT_EQ(WindowRect(178, 418), (PixelRect{49, 190, 80, 100}));
}

TEST(Geometry, WindowStaysInsideOfAnyPicture) {
  for (int width = 1; width < 60; ++width) {
    for (int height = 1; height < 60; ++height) {
      const PixelRect rect = WindowRect(width, height);
      ASSERT_GE(rect.x, 0);
      ASSERT_GE(rect.y, 0);
      ASSERT_GE(rect.width, 1);
      ASSERT_GE(rect.height, 1);
      ASSERT_LE(rect.x + rect.width, width);
      ASSERT_LE(rect.y + rect.height, height);
    }
  }
}

// 64 x 80 pixels of the window of 128 x 160 at (25, 58).
constexpr FaceGeometry Half() {
  FaceGeometry geometry;
  geometry.window_x = 25;
  geometry.window_y = 58;
  geometry.window_width = 128;
  geometry.window_height = 160;
  geometry.width = 64;
  geometry.height = 80;
  return geometry;
}

// The picture's middle, of the ratio 1 : 1.
constexpr FaceGeometry Full() {
  FaceGeometry geometry;
  geometry.frame_width = geometry.frame_height = 64;
  geometry.window_x = geometry.window_y = 0;
  geometry.window_width = geometry.window_height = geometry.width = geometry.height = 64;
  return geometry;
}

TEST(Geometry, AnotherWindow) {
  EXPECT_EQ(WindowRect(178, 218, Half()), (PixelRect{25, 58, 128, 160}));
  EXPECT_EQ(WindowRect(356, 436, Half()), (PixelRect{50, 116, 256, 320}));
  EXPECT_EQ(Half().window_bytes(), 64U * 80 * 3);
}

TEST(Geometry, AFullWindowIsTheMiddleOfAnyPicture) {
  EXPECT_EQ(WindowRect(64, 64, Full()), (PixelRect{0, 0, 64, 64}));
  EXPECT_EQ(WindowRect(500, 300, Full()), (PixelRect{100, 0, 300, 300}));
  EXPECT_EQ(WindowRect(30, 50, Full()), (PixelRect{0, 10, 30, 30}));
}

// Two pixels in a row average to one; a picture twice as big gives the same window.
TEST(Geometry, ASmallerSizeAveragesTheWindow) {
  const Picture picture = NoisePicture(178, 218, 8);
  const std::vector<uint8_t> window = CropWindow(picture, Half());
  ASSERT_EQ(window.size(), Half().window_bytes());
  const auto level = [&](int x, int y) {
    return static_cast<int>(picture.pixels[static_cast<size_t>(3 * (y * 178 + x))]);
  };
  for (const auto& [x, y] : {std::pair{0, 0}, {63, 79}, {20, 33}}) {
    const int left = 25 + 2 * x, top = 58 + 2 * y;
    const double mean = (level(left, top) + level(left + 1, top) + level(left, top + 1) +
                         level(left + 1, top + 1)) /
                        4.0;
    EXPECT_NEAR(window[static_cast<size_t>(3 * (y * 64 + x))], mean, 0.51) << x << " " << y;
  }
}

// A smooth change, made at any size, comes back at its place in the picture and leaves the rest.
TEST(Geometry, AChangeComesBackAtItsPlaceAndSize) {
  FaceGeometry large = Half();
  large.width = 256;
  large.height = 320;
  for (const FaceGeometry& geometry : {Half(), large}) {
    for (const auto& [width, height] : {std::pair{178, 218}, {712, 872}, {89, 109}}) {
      Picture picture = MakePicture(width, height, 100, 100, 100);
      const std::vector<uint8_t> before = CropWindow(picture, geometry);
      std::vector<uint8_t> after = before;
      for (int y = 0; y < geometry.height; ++y) {
        for (int x = 0; x < geometry.width * 3; ++x) {
          const double across = (x / 3 + 0.5) / geometry.width;
          after[static_cast<size_t>(y * geometry.width * 3 + x)] =
              static_cast<uint8_t>(std::lround(100 + 100 * across));
        }
      }
      PasteWindow(picture, before, after, 1.0, geometry);
      const PixelRect rect = WindowRect(width, height, geometry);
      for (const double across : {0.25, 0.5, 0.75}) {
        const int x = rect.x + static_cast<int>(across * rect.width);
        const int y = rect.y + rect.height / 2;
        const double wanted = 100 + 100 * (x - rect.x + 0.5) / rect.width;
        EXPECT_NEAR(picture.pixels[static_cast<size_t>(3 * (y * width + x))], wanted, 1.5)
            << width << " " << across;
      }
      EXPECT_EQ(picture.pixels[0], 100);
    }
  }
}

// The soft border is a tenth of the window's width at every size of the network.
TEST(Geometry, TheSoftBorderDoesNotDependOnTheSize) {
  std::vector<Picture> pasted;
  for (const int factor : {1, 4}) {
    FaceGeometry geometry = Half();
    geometry.width *= factor;
    geometry.height *= factor;
    Picture picture = MakePicture(178, 218, 40, 40, 40);
    const std::vector<uint8_t> before(geometry.window_bytes(), 40);
    const std::vector<uint8_t> after(geometry.window_bytes(), 240);
    PasteWindow(picture, before, after, 1.0, geometry);
    pasted.push_back(picture);
  }
  EXPECT_EQ(pasted[0], pasted[1]);
  const auto level = [&](int x) {
    return pasted[0].pixels[static_cast<size_t>(3 * (138 * 178 + x))];
  };
  EXPECT_LT(level(25), 45);
  EXPECT_EQ(level(25 + 14), 240);
}

TEST(Geometry, CropIsExactAtCelebAsSize) {
  const Picture picture = NoisePicture(178, 218, 3);
  const std::vector<uint8_t> window = CropWindow(picture);
  ASSERT_EQ(window.size(), 24000U);
  for (int y = 0; y < 100; ++y) {
    for (int i = 0; i < 240; ++i) {
      const auto at = static_cast<size_t>(((y + 90) * 178 + 49) * 3 + i);
      ASSERT_EQ(window[static_cast<size_t>(y * 240 + i)], picture.pixels[at]) << y << " " << i;
    }
  }
}

TEST(Geometry, CropOfAScaledPictureAveragesIt) {
  // Stripes of one pixel: averaging makes them flat, skipping would not.
  Picture picture = MakePicture(356, 436, 0, 0, 0);
  for (size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] = (i / 3) % 356 % 2 == 0 ? 0 : 200;
  }
  for (const uint8_t level : CropWindow(picture)) ASSERT_NEAR(level, 100, 1);
  EXPECT_EQ(CropWindow(MakePicture(20, 24, 9, 9, 9)), FlatWindow(9));
  EXPECT_THROW(CropWindow(Picture{}), PictureError);
}

TEST(Geometry, StrengthZeroChangesNothing) {
  for (const auto& [width, height] : {std::pair{178, 218}, {500, 400}, {37, 61}}) {
    const Picture picture = NoisePicture(width, height, 4);
    Picture pasted = picture;
    PasteWindow(pasted, CropWindow(picture), FlatWindow(255), 0.0);
    EXPECT_EQ(pasted, picture);
    PasteWindow(pasted, CropWindow(picture), CropWindow(picture), 1.0);
    EXPECT_EQ(pasted, picture) << "no change was to be pasted";
  }
}

TEST(Geometry, PasteStaysInsideOfTheWindow) {
  for (const auto& [width, height] : {std::pair{178, 218}, {356, 436}, {640, 480}, {60, 80}}) {
    const Picture picture = MakePicture(width, height, 50, 60, 70);
    Picture pasted = picture;
    PasteWindow(pasted, CropWindow(picture), FlatWindow(250));
    const PixelRect rect = WindowRect(width, height);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool inside =
            x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
        const auto at = static_cast<size_t>(3 * (y * width + x));
        ASSERT_TRUE(inside || pasted.pixels[at] == 50) << x << " " << y;
      }
    }
    const auto middle =
        static_cast<size_t>(3 * ((rect.y + rect.height / 2) * width + rect.x + rect.width / 2));
    EXPECT_EQ(pasted.pixels[middle], 250);
  }
}

// The biggest step between neighbours anywhere, for a change of 200 levels: without the soft border
// it would be 200.
TEST(Geometry, NoSeamIsSeen) {
  for (const auto& [width, height] : {std::pair{178, 218}, {356, 436}}) {
    Picture picture = MakePicture(width, height, 40, 40, 40);
    PasteWindow(picture, FlatWindow(40), FlatWindow(240));
    int step = 0;
    for (int y = 1; y < height; ++y) {
      for (int x = 1; x < width; ++x) {
        const auto at = [&](int column, int row) {
          return picture.pixels[static_cast<size_t>(3 * (row * width + column))];
        };
        step =
            std::max({step, std::abs(at(x, y) - at(x - 1, y)), std::abs(at(x, y) - at(x, y - 1))});
      }
    }
    EXPECT_LT(step, 45);
  }
}

TEST(Geometry, StrengthScalesTheChange) {
  Picture picture = MakePicture(178, 218, 100, 100, 100);
  PasteWindow(picture, FlatWindow(100), FlatWindow(200), 0.5);
  EXPECT_EQ(picture.pixels[3 * (140 * 178 + 89)], 150);
}

TEST(Geometry, BigPictureKeepsItsDetail) {
  const Picture picture = NoisePicture(712, 872, 5);
  const std::vector<uint8_t> before = CropWindow(picture);
  std::vector<uint8_t> after = before;
  for (uint8_t& level : after) level = static_cast<uint8_t>(level + 20);
  Picture pasted = picture;
  PasteWindow(pasted, before, after);
  // In the middle, each pixel rises by the same 20 levels: the noise stays as it was.
  for (int y = 500; y < 600; ++y) {
    for (int x = 300; x < 400; ++x) {
      const auto at = static_cast<size_t>(3 * (y * 712 + x));
      ASSERT_NEAR(pasted.pixels[at], picture.pixels[at] + 20, 1);
    }
  }
}

TEST(Geometry, FloatWindowIsTheSameAsBytes) {
  const Picture picture = NoisePicture(178, 218, 6);
  const std::vector<uint8_t> before = CropWindow(picture);
  const std::vector<uint8_t> after = CropWindow(NoisePicture(178, 218, 7));
  Picture by_bytes = picture, by_floats = picture;
  PasteWindow(by_bytes, before, std::span<const uint8_t>(after));
  const std::vector<float> floats(after.begin(), after.end());
  PasteWindow(by_floats, before, std::span<const float>(floats));
  EXPECT_EQ(by_bytes, by_floats);
  EXPECT_NE(by_bytes, picture);
}

TEST(Geometry, WrongArgumentsAreRefused) {
  Picture picture = MakePicture(178, 218, 1, 1, 1);
  const std::vector<uint8_t> window = FlatWindow(0), small(10);
  EXPECT_THROW(PasteWindow(picture, small, window), PictureError);
  EXPECT_THROW(PasteWindow(picture, window, small), PictureError);
  EXPECT_THROW(PasteWindow(picture, window, window, 1.5), PictureError);
  EXPECT_THROW(PasteWindow(picture, window, window, std::nan("")), PictureError);
}

}  // namespace
}  // namespace makeover
