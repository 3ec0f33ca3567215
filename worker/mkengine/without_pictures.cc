// The bodies of what needs a picture library, in a build that has none.
#include "worker/engine/error.h"
#include "worker/engine/png.h"
#include "worker/engine/sheet.h"
#include "worker/mkengine/evaluation_sheet.h"
#include "worker/mkengine/pictures.h"

namespace makeover {

void RequirePictures() {
  throw engine::EngineError(
      engine::ErrorClass::kUser, "no_picture_library",
      "This mkengine was built without OpenCV and cannot read or draw pictures.",
      "Train from a pixel cache (--pixels), or use a build of preset `release`.");
}

std::string EncodePng(int width, int height, const std::vector<uint8_t>& rgb) {
  return engine::EncodeStoredPng(width, height, rgb);
}

Prepared PreparePixels(const PictureList& /*pictures*/, const FaceWindow& /*window*/,
                       const std::string& /*out*/, int /*threads*/,
                       const Surroundings& /*around*/) {
  RequirePictures();
  return {};
}

std::string EncodePairs(const std::vector<SheetPair>& pairs, engine::PixelShape shape) {
  std::vector<uint8_t> sources;
  std::vector<uint8_t> results;
  for (const SheetPair& pair : pairs) {
    sources.insert(sources.end(), pair.source, pair.source + shape.bytes());
    results.insert(results.end(), pair.result, pair.result + shape.bytes());
  }
  const engine::PairSheet sheet = engine::MakePairSheet(sources, results, shape);
  return engine::EncodeStoredPng(sheet.width, sheet.height, sheet.rgb);
}

int RunConvert(const Arguments& /*arguments*/, const Surroundings& /*around*/) {
  RequirePictures();
  return kExitFailed;
}

int RunSynth(const Arguments& /*arguments*/, const Surroundings& /*around*/) {
  RequirePictures();
  return kExitFailed;
}

int RunGrid(const Arguments& /*arguments*/, const Surroundings& /*around*/) {
  RequirePictures();
  return kExitFailed;
}

}  // namespace makeover
