#include "worker/mkengine/pictures.h"

#include <deque>
#include <exception>
#include <future>
#include <new>
#include <optional>
#include <span>

#include "worker/engine/error.h"
#include "worker/engine/pixel_cache.h"
#include "worker/imaging/codec.h"
#include "worker/mkengine/face_geometry.h"
#include "worker/mkengine/face_options.h"
#include "worker/mkengine/pool.h"
#include "worker/mkengine/progress.h"

namespace makeover {
namespace {

// Decodes one row into the cache; returns what is wrong with it, or nothing.
std::string Decode(const PictureList& pictures, int64_t row, const FaceGeometry& geometry,
                   engine::PixelCacheWriter* writer) {
  std::vector<uint8_t> window;
  try {
    const std::string bytes = pictures.read(row);
    window = CropWindow(
        DecodePicture({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}), geometry);
  } catch (const std::bad_alloc&) {
    return "it needs more memory than it may take";
  } catch (const std::exception& error) {
    return error.what();
  }
  writer->Put(row, window);  // what goes wrong here is no fault of the picture
  return "";
}

[[noreturn]] void RefuseAll(int64_t bad) {
  throw engine::EngineError(
      engine::ErrorClass::kUser, "no_pictures",
      bad == 0 ? "There is no picture to prepare."
               : "None of the " + std::to_string(bad) + " pictures can be decoded.",
      "Look at the reasons given for each, and import whole JPEG or PNG files.");
}

}  // namespace

std::string EncodePng(int width, int height, const std::vector<uint8_t>& rgb) {
  const std::vector<uint8_t> bytes =
      EncodePicture(Picture{width, height, rgb, {}}, PictureFormat::kPng);
  return {bytes.begin(), bytes.end()};
}

Prepared PreparePixels(const PictureList& pictures, const FaceWindow& window,
                       const std::string& out, int threads, const Surroundings& around) {
  const FaceGeometry geometry = GeometryOf(window);
  engine::PixelCacheWriter writer(out, ShapeOf(window), pictures.count, NoteOf(window));
  Progress progress("pictures", pictures.count, around);
  Prepared prepared = {pictures.count, 0, false};
  int64_t good = 0;
  std::deque<std::pair<int64_t, std::future<std::string>>> running;
  const size_t running_max = static_cast<size_t>(threads) * 16;
  const auto finish_first = [&] {
    const int64_t row = running.front().first;
    const std::string reason = running.front().second.get();
    running.pop_front();
    progress.Report(row + 1);
    if (reason.empty()) {
      ++good;
      return;
    }
    ++prepared.quarantined;
    around.events->Emit(Json::Object{
        {"event", "quarantine"}, {"row", row}, {"name", pictures.name(row)}, {"reason", reason}});
  };
  Pool pool(threads);
  for (int64_t row = 0; row < pictures.count && !around.stop(); ++row) {
    if (!pictures.wanted(row)) continue;
    running.emplace_back(
        row, pool.Submit([&, row] { return Decode(pictures, row, geometry, &writer); }));
    if (running.size() >= running_max) finish_first();
  }
  while (!running.empty()) finish_first();
  prepared.stopped = around.stop();
  if (prepared.stopped) return prepared;
  if (good == 0) RefuseAll(prepared.quarantined);
  writer.Commit();
  around.events->Emit(Json::Object{{"event", "prepared"},
                                   {"rows", prepared.rows},
                                   {"quarantined", prepared.quarantined},
                                   {"path", out}});
  return prepared;
}

void RequirePictures() {}

}  // namespace makeover
