#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/outcome.h"

namespace makeover {

// CelebA's aligned pictures: the frame in which windows are given. A picture of any other size is
// taken to be the same photo, scaled.
inline constexpr int kFrameWidth = 178;
inline constexpr int kFrameHeight = 218;

// Bounds of what the network sees, in pixels; both sides are multiples of kSizeStep, so that the
// generator can halve them twice.
inline constexpr int kSizeWidthMin = 40;
inline constexpr int kSizeHeightMin = 48;
inline constexpr int kSizeMax = 256;
inline constexpr int kSizeStep = 4;
// The least side of a window, in pixels of the frame.
inline constexpr int kWindowMin = 12;
// A face may become wider or narrower by so much, as a factor.
inline constexpr double kDistortionMax = 1.1;

// Which part of a picture the network sees, and at which size. The default is deep-makeover's
// (2017): 80 x 100 pixels at x=49, y=90, the face without the hair.
struct FaceWindow {
  int width = 80;  // of the network's picture, in pixels
  int height = 100;
  // The window in the frame, in pixels of the frame; unused where `full`.
  int x = 49;
  int y = 90;
  int window_width = 80;
  int window_height = 100;
  // The frame is of no interest: the window is the largest centred part of the picture that has the
  // ratio width : height.
  bool full = false;

  friend bool operator==(const FaceWindow&, const FaceWindow&) = default;
};

// `size` is "WxH". `window` is "X,Y,WxH", "full", or "auto": the largest window with the size's
// ratio that fits into deep-makeover's and has its centre. Fails with a sentence for text of
// another form, a size beyond the bounds above, and a window that reaches outside of the frame, is
// too small or distorts.
Outcome<FaceWindow> ParseFaceWindow(std::string_view size, std::string_view window);

// That of a training with these settings, each key=value: `size` and `window`, of which the last
// counts; others are passed over.
Outcome<FaceWindow> FaceWindowOf(const std::vector<std::string>& settings);

// "80x100", and "49,90,80x100" or "full": what ParseFaceWindow reads.
std::string SizeText(const FaceWindow& window);
std::string WindowText(const FaceWindow& window);

// Part of a file's name, different for every geometry: "80x100" for the default, else such as
// "40x48+49+92+80x96".
std::string FaceWindowKey(const FaceWindow& window);

}  // namespace makeover
