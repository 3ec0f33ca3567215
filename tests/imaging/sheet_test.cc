#include "worker/imaging/sheet.h"

#include <gtest/gtest.h>

namespace makeover {
namespace {

using Window = std::vector<uint8_t>;

// The columns of the sheet that hold anything of this red level.
int ColumnsWith(const Picture& sheet, uint8_t level) {
  int count = 0;
  for (int x = 0; x < sheet.width; ++x) {
    bool found = false;
    for (int y = 0; y < sheet.height; ++y) {
      found = found || sheet.pixels[static_cast<size_t>(3 * (y * sheet.width + x))] == level;
    }
    count += found ? 1 : 0;
  }
  return count;
}

TEST(Sheet, SampleHasFourColumnsOfPairs) {
  const std::vector<Window> sources(32, Window(80 * 100 * 3, 10));
  const std::vector<Window> results(32, Window(80 * 100 * 3, 90));
  const Picture sheet = SampleSheet(sources, results);
  EXPECT_EQ(ColumnsWith(sheet, 10), 4 * 80);
  EXPECT_EQ(ColumnsWith(sheet, 90), 4 * 80);
  EXPECT_GE(sheet.height, 8 * 100);
  EXPECT_LT(sheet.height, 8 * 100 + 100);
  // The source stands at the left of its result.
  size_t first_source = 0, first_result = 0;
  const size_t row = static_cast<size_t>(sheet.width) * 3 * 50;
  for (size_t x = static_cast<size_t>(sheet.width); x-- > 0;) {
    if (sheet.pixels[row + 3 * x] == 10) first_source = x;
    if (sheet.pixels[row + 3 * x] == 90) first_result = x;
  }
  EXPECT_LT(first_source, first_result);
}

TEST(Sheet, SampleRefusesWhatDoesNotFit) {
  EXPECT_THROW(SampleSheet({}, {}), PictureError);
  EXPECT_THROW(SampleSheet({Window(24000)}, {}), PictureError);
  EXPECT_THROW(SampleSheet({Window(24000)}, {Window(3)}), PictureError);
  EXPECT_NO_THROW(SampleSheet({Window(24000)}, {Window(24000)}));
}

TEST(Sheet, ContactSheetFitsEachPictureIntoItsCell) {
  const std::vector<SheetEntry> entries = {{MakePicture(400, 100, 10, 10, 10), "wide"},
                                           {MakePicture(10, 40, 255, 0, 0), ""},
                                           {Picture{}, "a blank cell"}};
  const Picture sheet = ContactSheet(entries, {.columns = 2, .cell_width = 60, .cell_height = 80});
  EXPECT_EQ(ColumnsWith(sheet, 10), 60);
  EXPECT_EQ(ColumnsWith(sheet, 255), 20);
  EXPECT_GT(sheet.height, 160);
  EXPECT_THROW(ContactSheet({}), PictureError);
}

TEST(Sheet, CaptionsAreWrittenAndShortened) {
  const Picture plain = MakePicture(50, 50, 200, 0, 0);
  const ContactSheetOptions options{.columns = 1, .cell_width = 50, .cell_height = 50};
  const Picture bare = ContactSheet({{plain, ""}}, options);
  const Picture named = ContactSheet({{plain, "x"}}, options);
  const Picture lengthy = ContactSheet({{plain, std::string(500, 'W') + "\xC3\xA4"}}, options);
  EXPECT_GT(named.height, bare.height);
  EXPECT_EQ(lengthy.width, named.width);
  EXPECT_NE(lengthy, named);
}

}  // namespace
}  // namespace makeover
