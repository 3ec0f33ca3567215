#include "worker/imaging/geometry.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace makeover {
namespace {

cv::Mat View(const Picture& picture, const PixelRect& rect) {
  const cv::Mat whole(picture.height, picture.width, CV_8UC3,
                      const_cast<uint8_t*>(picture.pixels.data()));
  return whole(cv::Rect(rect.x, rect.y, rect.width, rect.height));
}

void CheckPicture(const Picture& picture) {
  if (picture.width > 0 && picture.height > 0 && picture.pixels.size() == picture.area() * 3)
    return;
  throw PictureError("the picture is empty");
}

// Area averaging when the result is smaller, so that nothing is skipped; bicubic when it is bigger.
cv::Mat Scale(const cv::Mat& source, cv::Size size) {
  if (source.size() == size) return source;
  const bool shrinks = size.width <= source.cols && size.height <= source.rows;
  cv::Mat result;
  cv::resize(source, result, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  return result;
}

// From 0 at the border to 1 at `feather` pixels inside: 3t^2 - 2t^3, whose slope is 0 at both ends.
std::vector<float> Ramp(int size, double feather) {
  std::vector<float> ramp(static_cast<size_t>(size), 1.0F);
  if (feather <= 0) return ramp;
  for (int i = 0; i < size; ++i) {
    const double inside = std::min(i, size - 1 - i) + 0.5;
    const double t = std::min(1.0, inside / feather);
    ramp[static_cast<size_t>(i)] = static_cast<float>(t * t * (3 - 2 * t));
  }
  return ramp;
}

uint8_t Added(uint8_t level, float change) {
  return static_cast<uint8_t>(
      std::clamp(std::lround(static_cast<float>(level) + change), 0L, 255L));
}

// `change` is CV_32FC3 of the rectangle's size.
void AddMasked(cv::Mat target, const cv::Mat& change, double strength, double feather) {
  const std::vector<float> across = Ramp(target.cols, feather);
  const std::vector<float> down = Ramp(target.rows, feather);
  for (int y = 0; y < target.rows; ++y) {
    auto* pixel = target.ptr<uint8_t>(y);
    const auto* delta = change.ptr<float>(y);
    const float row = static_cast<float>(strength) * down[static_cast<size_t>(y)];
    for (int x = 0; x < target.cols; ++x) {
      const float mask = row * across[static_cast<size_t>(x)];
      for (int c = 0; c < 3; ++c) {
        pixel[x * 3 + c] = Added(pixel[x * 3 + c], mask * delta[x * 3 + c]);
      }
    }
  }
}

void CheckPaste(const Picture& picture, size_t before, size_t after, double strength,
                const FaceGeometry& geometry) {
  CheckPicture(picture);
  if (before != geometry.window_bytes() || after != geometry.window_bytes()) {
    throw PictureError("the window to be pasted has a wrong size");
  }
  if (!(strength >= 0 && strength <= 1)) {
    throw PictureError("the strength must lie between 0 and 1");
  }
}

template <typename Level>
void Paste(Picture& picture, std::span<const uint8_t> before, std::span<const Level> after,
           double strength, const FaceGeometry& geometry) {
  CheckPaste(picture, before.size(), after.size(), strength, geometry);
  if (strength == 0) return;
  cv::Mat change(geometry.height, geometry.width, CV_32FC3);
  auto* delta = change.ptr<float>();
  for (size_t i = 0; i < before.size(); ++i) {
    const float level = std::clamp(static_cast<float>(after[i]), 0.0F, 255.0F);
    delta[i] = level - static_cast<float>(before[i]);
  }
  const PixelRect rect = WindowRect(picture.width, picture.height, geometry);
  AddMasked(View(picture, rect), Scale(change, {rect.width, rect.height}), strength,
            geometry.feather * rect.width);
}

}  // namespace

PixelRect WindowRect(int width, int height, const FaceGeometry& geometry) {
  const double scale = std::min(static_cast<double>(width) / geometry.frame_width,
                                static_cast<double>(height) / geometry.frame_height);
  const double left = (width - scale * geometry.frame_width) / 2 + scale * geometry.window_x;
  const double top = (height - scale * geometry.frame_height) / 2 + scale * geometry.window_y;
  PixelRect rect;
  rect.x = std::clamp(static_cast<int>(std::lround(left)), 0, width - 1);
  rect.y = std::clamp(static_cast<int>(std::lround(top)), 0, height - 1);
  const auto right = static_cast<int>(std::lround(left + scale * geometry.window_width));
  const auto bottom = static_cast<int>(std::lround(top + scale * geometry.window_height));
  rect.width = std::clamp(right - rect.x, 1, width - rect.x);
  rect.height = std::clamp(bottom - rect.y, 1, height - rect.y);
  return rect;
}

std::vector<uint8_t> CropWindow(const Picture& picture, const FaceGeometry& geometry) {
  CheckPicture(picture);
  const cv::Mat view = View(picture, WindowRect(picture.width, picture.height, geometry));
  const cv::Mat window = Scale(view, {geometry.width, geometry.height});
  std::vector<uint8_t> bytes(geometry.window_bytes());
  cv::Mat target(geometry.height, geometry.width, CV_8UC3, bytes.data());
  window.copyTo(target);
  return bytes;
}

void PasteWindow(Picture& picture, std::span<const uint8_t> before, std::span<const uint8_t> after,
                 double strength, const FaceGeometry& geometry) {
  Paste(picture, before, after, strength, geometry);
}

void PasteWindow(Picture& picture, std::span<const uint8_t> before, std::span<const float> after,
                 double strength, const FaceGeometry& geometry) {
  Paste(picture, before, after, strength, geometry);
}

}  // namespace makeover
