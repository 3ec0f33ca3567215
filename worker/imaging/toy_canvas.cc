#include "worker/imaging/toy_canvas.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace makeover {
namespace {

constexpr int kShift = 4;  // bits of a pixel's fraction in OpenCV's drawing
constexpr double kPi = 3.141592653589793;
// The pose turns and scales around the middle of the eyes and the mouth.
constexpr double kPivotY = 125;

struct Levels {
  int r, g, b;
};

Levels ToLevels(ToyColour colour) {
  const auto level = [](double value) {
    return static_cast<int>(std::lround(std::clamp(value, 0.0, 255.0)));
  };
  return {level(colour.r), level(colour.g), level(colour.b)};
}

// 0 to 256, so that full opacity and a full mask give the colour itself.
int Weight(int mask, int opacity) { return ((mask + (mask >> 7)) * opacity) >> 8; }

uint8_t Blended(int from, int to, int weight) {
  return static_cast<uint8_t>(from + (((to - from) * weight + 128) >> 8));
}

void BlendPixel(cv::Vec3b& pixel, Levels colour, int weight) {
  pixel[0] = Blended(pixel[0], colour.r, weight);
  pixel[1] = Blended(pixel[1], colour.g, weight);
  pixel[2] = Blended(pixel[2], colour.b, weight);
}

int Opacity(double opacity) {
  return static_cast<int>(std::lround(std::clamp(opacity, 0.0, 1.0) * 256));
}

Levels Textured(Levels colour, int texture) {
  const auto level = [texture](int value) { return std::min(255, (value * texture) >> 7); };
  return {level(colour.r), level(colour.g), level(colour.b)};
}

void FillPolygon(cv::Mat& mask, const std::vector<cv::Point>& points) {
  const cv::Point* data = points.data();
  const int count = static_cast<int>(points.size());
  cv::fillPoly(mask, &data, &count, 1, cv::Scalar(255), cv::LINE_AA, kShift);
}

cv::Rect Bounds(const std::vector<cv::Point>& points, int margin) {
  const cv::Rect exact = cv::boundingRect(points);
  const int unit = 1 << kShift;
  const int left = exact.x / unit - margin - 1, top = exact.y / unit - margin - 1;
  const int right = (exact.x + exact.width) / unit + margin + 2;
  const int bottom = (exact.y + exact.height) / unit + margin + 2;
  return {left, top, right - left, bottom - top};
}

}  // namespace

ToyCanvas::ToyCanvas(const ToyPose& pose)
    : pose_(pose),
      cos_(std::cos(pose.tilt * kPi / 180)),
      sin_(std::sin(pose.tilt * kPi / 180)),
      image_(kHeight * kScale, kWidth * kScale, CV_8UC3, cv::Scalar::all(128)) {}

ToyPoint ToyCanvas::Place(ToyPoint point) const {
  const double x = point.x * pose_.size, y = (point.y - kPivotY) * pose_.size;
  return {kFaceMiddle + pose_.shift_x + cos_ * x - sin_ * y,
          kPivotY + pose_.shift_y + sin_ * x + cos_ * y};
}

std::vector<cv::Point> ToyCanvas::Points(const ToyCurve& curve, double scale,
                                         cv::Point2d origin) const {
  std::vector<cv::Point> points;
  points.reserve(curve.size());
  constexpr double kUnit = 1 << kShift;
  for (const ToyPoint& point : curve) {
    const ToyPoint at = Place(point);
    // A pixel's middle has whole coordinates in OpenCV's drawing.
    points.emplace_back(static_cast<int>(std::lround((at.x * scale - origin.x - 0.5) * kUnit)),
                        static_cast<int>(std::lround((at.y * scale - origin.y - 0.5) * kUnit)));
  }
  return points;
}

// A wide blur is made on a coarser grid, where it costs little.
ToyCanvas::Mask ToyCanvas::Render(const ToyCurve& outline, double blur) const {
  const double sigma = blur * kScale;
  const int coarse = std::clamp(static_cast<int>(sigma / 2), 1, 8);
  const double scale = static_cast<double>(kScale) / coarse;
  const double small_sigma = sigma / coarse;
  const cv::Rect grid = Bounds(Points(outline, scale, {}), static_cast<int>(small_sigma * 3 + 1)) &
                        cv::Rect(-8, -8, image_.cols / coarse + 17, image_.rows / coarse + 17);
  if (grid.empty()) return {};
  cv::Mat mask(grid.size(), CV_8UC1, cv::Scalar(0));
  FillPolygon(mask, Points(outline, scale, {double(grid.x), double(grid.y)}));
  if (small_sigma > 0.2) cv::GaussianBlur(mask, mask, {0, 0}, small_sigma);
  if (coarse > 1) {
    cv::resize(mask, mask, mask.size() * coarse, 0, 0, cv::INTER_LINEAR_EXACT);
  }
  const cv::Rect wide(grid.x * coarse, grid.y * coarse, mask.cols, mask.rows);
  const cv::Rect rect = wide & cv::Rect(0, 0, image_.cols, image_.rows);
  if (rect.empty()) return {};
  return {rect, mask(rect - wide.tl())};
}

void ToyCanvas::Fill(const ToyCurve& outline, ToyColour colour, double opacity, double blur) {
  FillTextured(outline, colour, {}, opacity, blur);
}

void ToyCanvas::FillGradient(const ToyCurve& outline, ToyColour top, ToyColour bottom) {
  const Mask mask = Render(outline, 0);
  for (int y = 0; y < mask.values.rows; ++y) {
    const double share = (y + 0.5) / mask.values.rows;
    const Levels colour = ToLevels(Mixed(top, bottom, share));
    const auto* values = mask.values.ptr<uint8_t>(y);
    auto* pixels = image_.ptr<cv::Vec3b>(y + mask.rect.y) + mask.rect.x;
    const uint8_t* clip =
        clip_.empty() ? nullptr : clip_.ptr<uint8_t>(y + mask.rect.y) + mask.rect.x;
    for (int x = 0; x < mask.values.cols; ++x) {
      const int weight = Weight(values[x], clip == nullptr ? 256 : Weight(clip[x], 256));
      if (weight != 0) BlendPixel(pixels[x], colour, weight);
    }
  }
}

void ToyCanvas::FillTextured(const ToyCurve& outline, ToyColour colour, const cv::Mat& texture,
                             double opacity, double blur) {
  const Mask mask = Render(outline, blur);
  const Levels levels = ToLevels(colour);
  const int full = Opacity(opacity);
  for (int y = 0; y < mask.values.rows; ++y) {
    const int row = y + mask.rect.y;
    const auto* values = mask.values.ptr<uint8_t>(y);
    auto* pixels = image_.ptr<cv::Vec3b>(row) + mask.rect.x;
    const uint8_t* clip = clip_.empty() ? nullptr : clip_.ptr<uint8_t>(row) + mask.rect.x;
    const uint8_t* grain = texture.empty() ? nullptr : texture.ptr<uint8_t>(row) + mask.rect.x;
    for (int x = 0; x < mask.values.cols; ++x) {
      const int weight = Weight(values[x], clip == nullptr ? full : Weight(clip[x], full));
      if (weight == 0) continue;
      BlendPixel(pixels[x], grain == nullptr ? levels : Textured(levels, grain[x]), weight);
    }
  }
}

void ToyCanvas::Clip(const ToyCurve& outline) {
  clip_ = cv::Mat(image_.size(), CV_8UC1, cv::Scalar(0));
  FillPolygon(clip_, Points(outline, kScale, {}));
}

void ToyCanvas::Backdrop(ToyColour top, ToyColour bottom, ToyRandom& random) {
  for (int y = 0; y < image_.rows; ++y) {
    const Levels colour = ToLevels(Mixed(top, bottom, static_cast<double>(y) / image_.rows));
    auto* pixels = image_.ptr<cv::Vec3b>(y);
    for (int x = 0; x < image_.cols; ++x) BlendPixel(pixels[x], colour, 256);
  }
  for (int i = 0; i < 4; ++i) {
    const ToyColour blob = Scaled(Mixed(top, bottom, random.Unit()), random.Between(0.6, 1.5));
    const double x = random.Between(-95, 95), y = random.Between(-10, 200);
    const double radius = random.Between(14, 42);
    Fill(Ellipse(x, y, radius, radius * random.Between(0.7, 1.6)), blob, 0.5, 8);
  }
}

cv::Mat ToyCanvas::NeutralTexture() {
  return {kHeight * kScale, kWidth * kScale, CV_8UC1, cv::Scalar(128)};
}

void ToyCanvas::DrawLine(cv::Mat& map, const ToyCurve& line, double level, double width) const {
  const std::vector<cv::Point> points = Points(line, kScale, {});
  const cv::Point* data = points.data();
  const int count = static_cast<int>(points.size());
  const int thickness = std::max(1, static_cast<int>(std::lround(width * kScale)));
  cv::polylines(map, &data, &count, 1, false, cv::Scalar(level), thickness, cv::LINE_AA, kShift);
}

Picture ToyCanvas::Finish(double grain, double blur, ToyRandom& random) const {
  Picture picture = MakePicture(kWidth, kHeight, 0, 0, 0);
  cv::Mat result(kHeight, kWidth, CV_8UC3, picture.pixels.data());
  cv::resize(image_, result, result.size(), 0, 0, cv::INTER_AREA);
  if (blur > 0) cv::GaussianBlur(result, result, {0, 0}, blur);
  const int strength = static_cast<int>(std::lround(grain * 256));
  for (size_t i = 0; i < picture.pixels.size(); i += 3) {
    // The sum of eight bytes is nearly bell-shaped around 1020, with a deviation of 209.
    const uint64_t bits = random.Next();
    int sum = -1020;
    for (int byte = 0; byte < 8; ++byte) sum += static_cast<int>((bits >> (8 * byte)) & 0xFF);
    const int noise = sum * strength / (209 * 256);
    for (size_t c = 0; c < 3; ++c) {
      picture.pixels[i + c] =
          static_cast<uint8_t>(std::clamp(picture.pixels[i + c] + noise, 0, 255));
    }
  }
  return picture;
}

}  // namespace makeover
