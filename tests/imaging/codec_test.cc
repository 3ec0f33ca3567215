#include "worker/imaging/codec.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

#include "tests/imaging/make_picture.h"
#include "worker/imaging/toy_random.h"

namespace makeover {
namespace {

constexpr PictureFormat kFormats[] = {PictureFormat::kJpeg, PictureFormat::kPng,
                                      PictureFormat::kWebp, PictureFormat::kBmp,
                                      PictureFormat::kTiff};

std::span<const uint8_t> Text(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The reason why these bytes are refused; empty where they are not.
std::string Refusal(std::span<const uint8_t> bytes, const DecodeLimits& limits = {}) {
  try {
    DecodePicture(bytes, limits);
    return "";
  } catch (const PictureError& error) {
    return error.what();
  }
}

uint8_t Level(const Picture& picture, int x, int y, int channel) {
  return picture.pixels[static_cast<size_t>((y * picture.width + x) * 3 + channel)];
}

class EveryFormat : public testing::TestWithParam<PictureFormat> {};

TEST_P(EveryFormat, GoesRoundTrip) {
  const Picture picture = CornersPicture(48, 32);
  const std::vector<uint8_t> bytes = EncodePicture(picture, GetParam());
  EXPECT_EQ(SniffFormat(bytes), GetParam());
  const Picture back = DecodePicture(bytes);
  ASSERT_EQ(back.width, 48);
  ASSERT_EQ(back.height, 32);
  EXPECT_TRUE(back.alpha.empty());
  if (GetParam() == PictureFormat::kJpeg) {
    EXPECT_LT(MeanDifference(picture, back, 0, 0, 48, 32), 4);
  } else {
    EXPECT_EQ(back, picture);
  }
  EXPECT_EQ(EncodePicture(picture, GetParam()), bytes);
}

TEST_P(EveryFormat, HeaderStatesTheSize) {
  PictureHeader header;
  EXPECT_EQ(ReadPictureHeader(EncodePicture(CornersPicture(301, 7), GetParam()), &header), "");
  EXPECT_EQ(header.format, GetParam());
  EXPECT_EQ(header.width, 301);
  EXPECT_EQ(header.height, 7);
  EXPECT_EQ(header.orientation, 1);
}

TEST_P(EveryFormat, CutOffAnywhereIsRefused) {
  const std::vector<uint8_t> bytes = EncodePicture(NoisePicture(24, 20, 1), GetParam());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(Refusal(std::span(bytes).first(size)), "") << size << " of " << bytes.size();
  }
}

TEST_P(EveryFormat, DamagedBytesNeverCrash) {
  const std::vector<uint8_t> bytes = EncodePicture(NoisePicture(24, 20, 1), GetParam());
  ToyRandom random(7);
  for (int round = 0; round < 400; ++round) {
    std::vector<uint8_t> damaged = bytes;
    for (int i = 0; i <= round % 8; ++i) {
      const int at = random.Below(static_cast<int>(round % 2 == 0 ? 64 : damaged.size()));
      damaged[static_cast<size_t>(at)] = static_cast<uint8_t>(random.Next());
    }
    Refusal(damaged, {.pixels_max = 1'000'000});
  }
}

INSTANTIATE_TEST_SUITE_P(Codec, EveryFormat, testing::ValuesIn(kFormats),
                         [](const auto& info) { return FormatName(info.param); });

TEST(Codec, AlphaIsKeptWhereTheFormatHasIt) {
  Picture picture = CornersPicture(16, 12);
  picture.alpha.assign(picture.area(), 255);
  picture.alpha[5] = 0;
  picture.alpha[6] = 77;
  for (const PictureFormat format : {PictureFormat::kPng, PictureFormat::kTiff}) {
    EXPECT_EQ(DecodePicture(EncodePicture(picture, format)), picture) << FormatName(format);
  }
  const Picture webp = DecodePicture(EncodePicture(picture, PictureFormat::kWebp));
  EXPECT_EQ(webp.alpha, picture.alpha);
  EXPECT_TRUE(DecodePicture(EncodePicture(picture, PictureFormat::kJpeg)).alpha.empty());
}

TEST(Codec, GrayPaletteAndSixteenBitsBecomeRgb) {
  const Picture gray = DecodePicture(RawPng(2, 1, 0, 8, {0, 7, 250}));
  EXPECT_EQ(gray.pixels, (std::vector<uint8_t>{7, 7, 7, 250, 250, 250}));
  const Picture palette = DecodePicture(RawPng(2, 1, 3, 8, {0, 2, 1}));
  EXPECT_EQ(palette.pixels, (std::vector<uint8_t>{200, 100, 50, 10, 20, 30}));
  const Picture deep = DecodePicture(RawPng(1, 1, 2, 16, {0, 0xFF, 0xFF, 0x80, 0x80, 0, 0}));
  EXPECT_EQ(deep.pixels, (std::vector<uint8_t>{255, 128, 0}));
  const Picture gray_alpha = DecodePicture(RawPng(2, 1, 4, 8, {0, 9, 255, 11, 3}));
  EXPECT_EQ(gray_alpha.pixels, (std::vector<uint8_t>{9, 9, 9, 11, 11, 11}));
  EXPECT_EQ(gray_alpha.alpha, (std::vector<uint8_t>{255, 3}));
}

// What EXIF 2.3 says of each orientation: where the stored first pixel is shown.
TEST(Codec, ExifOrientationIsApplied) {
  const std::vector<uint8_t> jpeg = EncodePicture(CornersPicture(48, 32), PictureFormat::kJpeg);
  struct Case {
    int orientation;
    bool red_right, red_bottom, green_right, green_bottom;
  };
  const Case cases[] = {{1, false, false, true, false}, {2, true, false, false, false},
                        {3, true, true, false, true},   {4, false, true, true, true},
                        {5, false, false, false, true}, {6, true, false, true, true},
                        {7, true, true, true, false},   {8, false, true, false, false}};
  for (const Case& c : cases) {
    const Picture turned = DecodePicture(WithOrientation(jpeg, c.orientation));
    ASSERT_EQ(turned.width, c.orientation >= 5 ? 32 : 48) << c.orientation;
    ASSERT_EQ(turned.height, c.orientation >= 5 ? 48 : 32);
    const auto x = [&](bool right) { return right ? turned.width - 4 : 4; };
    const auto y = [&](bool bottom) { return bottom ? turned.height - 4 : 4; };
    EXPECT_GT(Level(turned, x(c.red_right), y(c.red_bottom), 0), 180) << c.orientation;
    EXPECT_LT(Level(turned, x(c.red_right), y(c.red_bottom), 1), 80) << c.orientation;
    EXPECT_GT(Level(turned, x(c.green_right), y(c.green_bottom), 1), 180) << c.orientation;
    EXPECT_LT(Level(turned, x(c.green_right), y(c.green_bottom), 0), 80) << c.orientation;
  }
  EXPECT_EQ(DecodePicture(WithOrientation(jpeg, 9)).width, 48);
}

TEST(Codec, SaysWhatIsNoPicture) {
  EXPECT_EQ(Refusal({}), "the file is empty");
  EXPECT_NE(Refusal(Text("hello, this is a note\n")).find("begins like a text"), std::string::npos);
  EXPECT_NE(Refusal(Text("\n<!DOCTYPE html><html>")).find("HTML"), std::string::npos);
  EXPECT_NE(Refusal(Text("BM is how this note begins, not a bitmap")).find("text"),
            std::string::npos);
  EXPECT_NE(Refusal(Text(std::string("\0\1\2\3\4", 5))).find("first bytes"), std::string::npos);
}

TEST(Codec, CutOffJpegSaysSo) {
  const std::vector<uint8_t> jpeg = EncodePicture(NoisePicture(64, 64, 2), PictureFormat::kJpeg);
  EXPECT_NE(Refusal(std::span(jpeg).first(jpeg.size() / 2)).find("cut off"), std::string::npos);
  std::vector<uint8_t> longer = jpeg;
  longer.insert(longer.end(), 100, 0);
  EXPECT_EQ(Refusal(longer), "") << "bytes after the end harm nobody";
}

TEST(Codec, HugePictureIsRefusedBeforeItIsDecoded) {
  const std::vector<uint8_t> png = ZeroPng(30000, 30000, 0, 1);
  EXPECT_LT(png.size(), 200'000U);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const std::string reason = Refusal(png);
  getrusage(RUSAGE_SELF, &after);
  EXPECT_NE(reason.find("30000 x 30000"), std::string::npos) << reason;
  EXPECT_NE(reason.find("64 megapixels"), std::string::npos) << reason;
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 * 1024) << "kilobytes";
}

TEST(Codec, LimitIsExact) {
  const std::vector<uint8_t> png = ZeroPng(100, 50, 0, 8);
  EXPECT_EQ(Refusal(png, {.pixels_max = 5000}), "");
  EXPECT_NE(Refusal(png, {.pixels_max = 4999}), "");
}

TEST(Codec, FormatByName) {
  EXPECT_EQ(FormatOfName("a/b.JPG"), PictureFormat::kJpeg);
  EXPECT_EQ(FormatOfName("x.jpeg"), PictureFormat::kJpeg);
  EXPECT_EQ(FormatOfName("x.webp"), PictureFormat::kWebp);
  EXPECT_EQ(FormatOfName("x.tif"), PictureFormat::kTiff);
  EXPECT_EQ(FormatOfName("a.png/b"), PictureFormat::kUnknown);
  EXPECT_EQ(FormatOfName("png"), PictureFormat::kUnknown);
  EXPECT_THROW(EncodePicture(CornersPicture(4, 4), PictureFormat::kUnknown), PictureError);
}

TEST(Codec, FilesGoRoundTripAndLeaveNoPart) {
  const std::filesystem::path dir = testing::TempDir() + "/codec_files";
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  const Picture picture = CornersPicture(20, 10);
  WritePicture(dir / "a.png", picture);
  EXPECT_EQ(ReadPicture(dir / "a.png"), picture);
  EXPECT_FALSE(std::filesystem::exists(dir / "a.png.part"));
  EXPECT_THROW(WritePicture(dir / "none" / "a.png", picture), PictureError);
  EXPECT_THROW(WritePicture(dir / "a.gif", picture), PictureError);
  EXPECT_THROW(ReadPicture(dir / "missing.png"), PictureError);
  EXPECT_THROW(ReadPicture(dir), PictureError);
}

}  // namespace
}  // namespace makeover
