#include "storage/face_window.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace makeover {
namespace {

constexpr std::string_view kSizeSetting = "size=";
constexpr std::string_view kWindowSetting = "window=";
constexpr std::string_view kAuto = "auto";
constexpr std::string_view kFull = "full";

struct Pair {
  int first = 0;
  int second = 0;
};

bool ParseWhole(std::string_view text, int* out) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, *out);
  return result.ec == std::errc() && result.ptr == end && *out >= 0;
}

std::optional<Pair> ParsePair(std::string_view text, char between) {
  const size_t middle = text.find(between);
  Pair pair;
  if (middle == std::string_view::npos || !ParseWhole(text.substr(0, middle), &pair.first) ||
      !ParseWhole(text.substr(middle + 1), &pair.second)) {
    return std::nullopt;
  }
  return pair;
}

std::string Times(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool IsSide(int side, int least) {
  return side >= least && side <= kSizeMax && side % kSizeStep == 0;
}

Outcome<FaceWindow> ParseSize(std::string_view text) {
  const std::optional<Pair> size = ParsePair(text, 'x');
  if (!size) return Problem{Quoted(text) + " is not a size: write WxH, as in 80x100."};
  if (!IsSide(size->first, kSizeWidthMin) || !IsSide(size->second, kSizeHeightMin)) {
    return Problem{"The size " + std::string(text) +
                   " cannot be used: width and height must be multiples of " +
                   std::to_string(kSizeStep) + ", from " + Times(kSizeWidthMin, kSizeHeightMin) +
                   " to " + Times(kSizeMax, kSizeMax) + "."};
  }
  FaceWindow result;
  result.width = size->first;
  result.height = size->second;
  return result;
}

void ChooseWindow(FaceWindow* window) {
  const FaceWindow whole;
  const double scale = std::min(static_cast<double>(whole.window_width) / window->width,
                                static_cast<double>(whole.window_height) / window->height);
  window->window_width = static_cast<int>(std::lround(scale * window->width));
  window->window_height = static_cast<int>(std::lround(scale * window->height));
  window->x = whole.x + (whole.window_width - window->window_width) / 2;
  window->y = whole.y + (whole.window_height - window->window_height) / 2;
}

// How much wider or narrower a face becomes, as a factor of at least 1.
double Distortion(const FaceWindow& window) {
  const double change = static_cast<double>(window.window_width) * window.height /
                        (static_cast<double>(window.window_height) * window.width);
  return std::max(change, 1 / change);
}

// What is wrong with a window in the frame; empty: nothing.
std::string FaultOf(const FaceWindow& window) {
  const std::string name = "The window " + WindowText(window);
  if (std::min(window.window_width, window.window_height) < kWindowMin) {
    return name + " is too small: it must have at least " + Times(kWindowMin, kWindowMin) +
           " pixels of the frame.";
  }
  if (window.x > kFrameWidth - window.window_width ||
      window.y > kFrameHeight - window.window_height) {
    return name + " reaches outside of the aligned frame, which is " +
           Times(kFrameWidth, kFrameHeight) + ": keep X + W up to " + std::to_string(kFrameWidth) +
           " and Y + H up to " + std::to_string(kFrameHeight) + ".";
  }
  if (Distortion(window) > kDistortionMax) {
    FaceWindow better = window;
    ChooseWindow(&better);
    return name + " would distort faces by " +
           std::to_string(std::lround((Distortion(window) - 1) * 100)) + " % at the size " +
           SizeText(window) + ", and " + std::to_string(std::lround((kDistortionMax - 1) * 100)) +
           " % is the most: give it about the size's ratio, as " + WindowText(better) + " has.";
  }
  return "";
}

Outcome<FaceWindow> PlaceWindow(FaceWindow window, std::string_view text) {
  const size_t comma = text.rfind(',');
  if (comma != std::string_view::npos) {
    const std::optional<Pair> corner = ParsePair(text.substr(0, comma), ',');
    const std::optional<Pair> size = ParsePair(text.substr(comma + 1), 'x');
    if (corner && size) {
      window.x = corner->first;
      window.y = corner->second;
      window.window_width = size->first;
      window.window_height = size->second;
      const std::string fault = FaultOf(window);
      if (fault.empty()) return window;
      return Problem{fault};
    }
  }
  return Problem{Quoted(text) + " is not a window: write X,Y,WxH in pixels of the aligned frame, " +
                 "which is " + Times(kFrameWidth, kFrameHeight) +
                 ", as in 49,90,80x100; or full, or auto."};
}

}  // namespace

Outcome<FaceWindow> ParseFaceWindow(std::string_view size, std::string_view window) {
  Outcome<FaceWindow> result = ParseSize(size);
  if (!result.ok()) return result;
  if (window != kAuto && window != kFull) return PlaceWindow(*result, window);
  if (window == kFull) {
    result->full = true;
  } else {
    ChooseWindow(&*result);
  }
  return result;
}

Outcome<FaceWindow> FaceWindowOf(const std::vector<std::string>& settings) {
  std::string size = SizeText({});
  std::string window(kAuto);
  for (const std::string& setting : settings) {
    if (setting.rfind(kSizeSetting, 0) == 0) size = setting.substr(kSizeSetting.size());
    if (setting.rfind(kWindowSetting, 0) == 0) window = setting.substr(kWindowSetting.size());
  }
  return ParseFaceWindow(size, window);
}

std::string SizeText(const FaceWindow& window) { return Times(window.width, window.height); }

std::string WindowText(const FaceWindow& window) {
  if (window.full) return std::string(kFull);
  return std::to_string(window.x) + "," + std::to_string(window.y) + "," +
         Times(window.window_width, window.window_height);
}

std::string FaceWindowKey(const FaceWindow& window) {
  if (window == FaceWindow()) return SizeText(window);
  std::string key = SizeText(window) + "+" + WindowText(window);
  std::replace(key.begin(), key.end(), ',', '+');
  return key;
}

}  // namespace makeover
