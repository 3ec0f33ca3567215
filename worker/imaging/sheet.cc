#include "worker/imaging/sheet.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace makeover {
namespace {

constexpr uint8_t kGround = 250;  // nearly white
constexpr int kMargin = 8;
constexpr int kPairGap = 2;     // between a source and its result
constexpr int kColumnGap = 10;  // between pairs
constexpr int kRowGap = 6;
constexpr int kPairsAcross = 4;
constexpr int kCaptionHeight = 18;
constexpr double kCaptionScale = 0.4;
constexpr int kInk = 70;  // captions: dark gray

cv::Mat View(Picture& picture) {
  return {picture.height, picture.width, CV_8UC3, picture.pixels.data()};
}

cv::Mat View(const Picture& picture) {
  return {picture.height, picture.width, CV_8UC3, const_cast<uint8_t*>(picture.pixels.data())};
}

void PutWindow(cv::Mat& sheet, const std::vector<uint8_t>& window, const cv::Rect& place) {
  const cv::Mat view(place.height, place.width, CV_8UC3, const_cast<uint8_t*>(window.data()));
  view.copyTo(sheet(place));
}

// Scaled to fit, the aspect kept, in the middle of the cell.
void PutPicture(cv::Mat& sheet, const Picture& picture, const cv::Rect& cell) {
  const double scale = std::min(static_cast<double>(cell.width) / picture.width,
                                static_cast<double>(cell.height) / picture.height);
  const int width = std::clamp(static_cast<int>(std::lround(picture.width * scale)), 1, cell.width);
  const int height =
      std::clamp(static_cast<int>(std::lround(picture.height * scale)), 1, cell.height);
  const cv::Rect place(cell.x + (cell.width - width) / 2, cell.y + (cell.height - height) / 2,
                       width, height);
  cv::Mat target = sheet(place);
  const int method = scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC;
  cv::resize(View(picture), target, target.size(), 0, 0, method);
}

int TextWidth(const std::string& text) {
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, kCaptionScale, 1, nullptr).width;
}

std::string Fitted(std::string text, int width) {
  for (char& c : text) c = c < ' ' || c > '~' ? '?' : c;
  if (TextWidth(text) <= width) return text;
  while (!text.empty() && TextWidth(text + "...") > width) text.pop_back();
  return text + "...";
}

void PutCaption(cv::Mat& sheet, const std::string& caption, const cv::Rect& cell) {
  const std::string text = Fitted(caption, cell.width);
  const cv::Point origin(cell.x + (cell.width - TextWidth(text)) / 2,
                         cell.y + cell.height + kCaptionHeight - 5);
  cv::putText(sheet, text, origin, cv::FONT_HERSHEY_SIMPLEX, kCaptionScale, cv::Scalar::all(kInk),
              1, cv::LINE_AA);
}

}  // namespace

Picture SampleSheet(const std::vector<std::vector<uint8_t>>& sources,
                    const std::vector<std::vector<uint8_t>>& results, int width, int height) {
  const size_t bytes = static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  const auto wrong = [bytes](const std::vector<uint8_t>& window) { return window.size() != bytes; };
  if (sources.empty() || sources.size() != results.size() ||
      std::any_of(sources.begin(), sources.end(), wrong) ||
      std::any_of(results.begin(), results.end(), wrong)) {
    throw PictureError("a sample sheet needs as many results as sources, all of one size");
  }
  const int rows = (static_cast<int>(sources.size()) + kPairsAcross - 1) / kPairsAcross;
  const int pair = 2 * width + kPairGap;
  Picture sheet =
      MakePicture(2 * kMargin + kPairsAcross * pair + (kPairsAcross - 1) * kColumnGap,
                  2 * kMargin + rows * height + (rows - 1) * kRowGap, kGround, kGround, kGround);
  cv::Mat canvas = View(sheet);
  for (size_t i = 0; i < sources.size(); ++i) {
    const int x = kMargin + static_cast<int>(i % kPairsAcross) * (pair + kColumnGap);
    const int y = kMargin + static_cast<int>(i / kPairsAcross) * (height + kRowGap);
    PutWindow(canvas, sources[i], {x, y, width, height});
    PutWindow(canvas, results[i], {x + width + kPairGap, y, width, height});
  }
  return sheet;
}

Picture ContactSheet(const std::vector<SheetEntry>& entries, const ContactSheetOptions& options) {
  if (entries.empty() || options.columns < 1 || options.cell_width < 1 || options.cell_height < 1) {
    throw PictureError("a contact sheet needs at least one picture and cells that are not empty");
  }
  const int count = static_cast<int>(entries.size());
  const int columns = std::min(options.columns, count);
  const int rows = (count + columns - 1) / columns;
  const bool captions = std::any_of(entries.begin(), entries.end(),
                                    [](const SheetEntry& entry) { return !entry.caption.empty(); });
  const int step_x = options.cell_width + kRowGap;
  const int step_y = options.cell_height + kRowGap + (captions ? kCaptionHeight : 0);
  Picture sheet = MakePicture(2 * kMargin + columns * step_x - kRowGap,
                              2 * kMargin + rows * step_y - kRowGap, kGround, kGround, kGround);
  cv::Mat canvas = View(sheet);
  for (int i = 0; i < count; ++i) {
    const SheetEntry& entry = entries[static_cast<size_t>(i)];
    const cv::Rect cell(kMargin + i % columns * step_x, kMargin + i / columns * step_y,
                        options.cell_width, options.cell_height);
    if (!entry.picture.empty()) PutPicture(canvas, entry.picture, cell);
    if (!entry.caption.empty()) PutCaption(canvas, entry.caption, cell);
  }
  return sheet;
}

}  // namespace makeover
