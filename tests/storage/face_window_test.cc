#include "storage/face_window.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <set>
#include <string>

namespace makeover {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Fault(std::string_view size, std::string_view window) {
  const Outcome<FaceWindow> result = ParseFaceWindow(size, window);
  return result.ok() ? "accepted: " + WindowText(*result) : result.message();
}

std::string AutoWindow(std::string_view size) {
  const Outcome<FaceWindow> result = ParseFaceWindow(size, "auto");
  return result.ok() ? WindowText(*result) : result.message();
}

TEST(FaceWindow, TheDefaultIsThePublishedOne) {
  const Outcome<FaceWindow> window = ParseFaceWindow("80x100", "auto");
  ASSERT_TRUE(window.ok()) << window.message();
  EXPECT_EQ(*window, FaceWindow());
  EXPECT_EQ(*ParseFaceWindow("80x100", "49,90,80x100"), FaceWindow());
  EXPECT_EQ(FaceWindowKey(*window), "80x100");
}

TEST(FaceWindow, AutoKeepsTheCentreAndTakesTheRatioOfTheSize) {
  EXPECT_EQ(AutoWindow("160x200"), "49,90,80x100");
  EXPECT_EQ(AutoWindow("128x160"), "49,90,80x100");
  EXPECT_EQ(AutoWindow("40x48"), "49,92,80x96");
  EXPECT_EQ(AutoWindow("256x256"), "49,100,80x80");
  EXPECT_EQ(AutoWindow("64x128"), "64,90,50x100");
}

TEST(FaceWindow, EverySizeHasAWindowThatIsReadAgain) {
  std::set<std::string> keys;
  for (int width = kSizeWidthMin; width <= kSizeMax; width += kSizeStep) {
    for (int height = kSizeHeightMin; height <= kSizeMax; height += kSizeStep) {
      const std::string size = std::to_string(width) + "x" + std::to_string(height);
      const Outcome<FaceWindow> window = ParseFaceWindow(size, "auto");
      ASSERT_TRUE(window.ok()) << window.message();
      const Outcome<FaceWindow> again = ParseFaceWindow(size, WindowText(*window));
      ASSERT_TRUE(again.ok()) << again.message();
      ASSERT_EQ(*again, *window);
      ASSERT_LE(std::abs(2 * window->x + window->window_width - 178), 1) << size;
      ASSERT_LE(std::abs(2 * window->y + window->window_height - 280), 1) << size;
      ASSERT_TRUE(keys.insert(FaceWindowKey(*window)).second) << size;
    }
  }
}

TEST(FaceWindow, AWindowIsTakenAsItIsGiven) {
  const Outcome<FaceWindow> window = ParseFaceWindow("128x160", "25,58,128x160");
  ASSERT_TRUE(window.ok()) << window.message();
  EXPECT_EQ(*window, (FaceWindow{128, 160, 25, 58, 128, 160, false}));
  EXPECT_EQ(SizeText(*window), "128x160");
  EXPECT_EQ(WindowText(*window), "25,58,128x160");
  EXPECT_EQ(FaceWindowKey(*window), "128x160+25+58+128x160");
  EXPECT_TRUE(ParseFaceWindow("80x100", "0,0,174x218").ok()) << "the whole frame, to its edges";
}

TEST(FaceWindow, FullTakesWhatThereIs) {
  const Outcome<FaceWindow> window = ParseFaceWindow("128x128", "full");
  ASSERT_TRUE(window.ok()) << window.message();
  EXPECT_TRUE(window->full);
  EXPECT_EQ(WindowText(*window), "full");
  EXPECT_EQ(FaceWindowKey(*window), "128x128+full");
}

TEST(FaceWindow, SizesThatCannotBe) {
  for (const char* size : {"", "80", "80x", "x100", "80x100x3", "80 x 100", "-80x100", "80X100",
                           "0x50x100", "99999999999x100", "80.0x100", "+80x100"}) {
    EXPECT_THAT(Fault(size, "auto"), AllOf(HasSubstr("is not a size"), HasSubstr("WxH"))) << size;
  }
  for (const char* size : {"36x48", "40x44", "260x256", "256x260", "0x0", "42x48", "40x50"}) {
    EXPECT_THAT(Fault(size, "auto"),
                AllOf(HasSubstr(size), HasSubstr("multiples of 4"), HasSubstr("40x48 to 256x256")))
        << size;
  }
}

TEST(FaceWindow, WindowsThatCannotBe) {
  for (const char* window : {"", "49", "49,90", "80x100", "49,90,80", "49,90,80x", "49,90,80x100,1",
                             "-1,90,80x100", "a,b,cxd", "Full", "49, 90, 80x100"}) {
    EXPECT_THAT(Fault("80x100", window), AllOf(HasSubstr("is not a window"), HasSubstr("X,Y,WxH")))
        << window;
  }
  EXPECT_THAT(Fault("80x100", "99,90,80x100"), AllOf(HasSubstr("outside"), HasSubstr("178x218")));
  EXPECT_THAT(Fault("80x100", "49,119,80x100"), HasSubstr("outside"));
  EXPECT_THAT(Fault("80x100", "2147483647,0,80x100"), HasSubstr("outside"));
  EXPECT_THAT(Fault("80x100", "0,0,2147483647x2147483647"), HasSubstr("outside"));
  EXPECT_THAT(Fault("80x100", "49,90,8x10"), HasSubstr("too small"));
}

TEST(FaceWindow, AWindowMayNotDistort) {
  EXPECT_THAT(Fault("80x100", "40,50,100x100"),
              AllOf(HasSubstr("25 %"), HasSubstr("10 %"), HasSubstr("49,90,80x100")));
  EXPECT_THAT(Fault("80x100", "40,50,70x100"), HasSubstr("distort"));
  EXPECT_TRUE(ParseFaceWindow("80x100", "40,50,88x100").ok()) << "10 % wider";
  EXPECT_TRUE(ParseFaceWindow("80x100", "40,50,73x100").ok()) << "a little less narrow";
  EXPECT_THAT(Fault("80x100", "40,50,89x100"), HasSubstr("distort"));
}

TEST(FaceWindow, SettingsOfATraining) {
  EXPECT_EQ(*FaceWindowOf({}), FaceWindow());
  EXPECT_EQ(*FaceWindowOf({"noise=0.1", "sizes=3"}), FaceWindow());
  EXPECT_EQ(FaceWindowKey(*FaceWindowOf({"size=40x48"})), "40x48+49+92+80x96");
  EXPECT_EQ(FaceWindowKey(*FaceWindowOf({"size=80x100", "window=full", "size=40x48"})),
            "40x48+full");
  EXPECT_FALSE(FaceWindowOf({"size=big"}).ok());
  EXPECT_FALSE(FaceWindowOf({"window=99,90,80x100"}).ok());
}

}  // namespace
}  // namespace makeover
