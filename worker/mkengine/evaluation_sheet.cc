#include "worker/mkengine/evaluation_sheet.h"

#include <algorithm>

#include "worker/imaging/codec.h"
#include "worker/imaging/sheet.h"

namespace makeover {
namespace {

constexpr int kCellWidthMin = 160;  // room for a caption

SheetEntry EntryOf(const uint8_t* pixels, engine::PixelShape shape, const std::string& caption) {
  Picture picture;
  picture.width = static_cast<int>(shape.width);
  picture.height = static_cast<int>(shape.height);
  picture.pixels.assign(pixels, pixels + shape.bytes());
  return {picture, caption};
}

}  // namespace

std::string EncodePairs(const std::vector<SheetPair>& pairs, engine::PixelShape shape) {
  std::vector<SheetEntry> entries;
  for (const SheetPair& pair : pairs) {
    entries.push_back(EntryOf(pair.source, shape, pair.source_caption));
    entries.push_back(EntryOf(pair.result, shape, pair.result_caption));
  }
  const int width = std::max(kCellWidthMin, static_cast<int>(shape.width));
  const auto height = static_cast<int>(width * shape.height / shape.width);
  const std::vector<uint8_t> bytes =
      EncodePicture(ContactSheet(entries, {8, width, height}), PictureFormat::kPng);
  return {bytes.begin(), bytes.end()};
}

}  // namespace makeover
