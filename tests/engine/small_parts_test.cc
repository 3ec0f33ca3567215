#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "worker/engine/png.h"
#include "worker/engine/sheet.h"
#include "worker/engine/words.h"

namespace makeover::engine {
namespace {

TEST(WordsTest, EditDistance) {
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("same", "same"), 0);
}

TEST(WordsTest, NearestFirstAndNothingFar) {
  const std::vector<std::string> names = {"steps", "seed", "noise"};
  EXPECT_EQ(NearestNames("stes", names).front(), "steps");
  EXPECT_EQ(DidYouMean("zzzzzzzz", names), "");
}

TEST(PngTest, HasSignatureSizeAndEnd) {
  const std::string png = EncodeStoredPng(2, 1, {255, 0, 0, 0, 255, 0});
  EXPECT_EQ(png.substr(1, 3), "PNG");
  EXPECT_EQ(png.substr(16, 8), std::string("\0\0\0\2\0\0\0\1", 8));
  // The last chunk with its checksum is the same in every PNG file.
  EXPECT_EQ(png.substr(png.size() - 8), std::string("IEND\xAE\x42\x60\x82"));
}

TEST(SheetTest, PairsInFourColumns) {
  const PixelShape shape = {1, 1};
  std::vector<uint8_t> sources;
  std::vector<uint8_t> results;
  for (uint8_t i = 0; i < 5; ++i) {
    sources.insert(sources.end(), 3, i);
    results.insert(results.end(), 3, static_cast<uint8_t>(100 + i));
  }
  const PairSheet sheet = MakePairSheet(sources, results, shape);
  EXPECT_EQ(sheet.width, 8);
  EXPECT_EQ(sheet.height, 2);
  EXPECT_EQ(sheet.rgb[0], 0);
  EXPECT_EQ(sheet.rgb[3], 100);
  EXPECT_EQ(sheet.rgb[6], 1);
  EXPECT_EQ(sheet.rgb[8 * 3], 4);
  EXPECT_EQ(sheet.rgb[9 * 3], 104);
  EXPECT_EQ(sheet.rgb[10 * 3], 255);
}

}  // namespace
}  // namespace makeover::engine
