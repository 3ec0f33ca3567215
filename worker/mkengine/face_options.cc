#include "worker/mkengine/face_options.h"

#include "worker/engine/error.h"

namespace makeover {
namespace {

using engine::EngineError;
using engine::ErrorClass;

std::string SizeOf(engine::PixelShape shape) {
  FaceWindow window;
  window.width = static_cast<int>(shape.width);
  window.height = static_cast<int>(shape.height);
  return SizeText(window);
}

}  // namespace

std::vector<Option> FaceOptions() {
  return {{"--size", "WxH", "what the networks see, 40x48 to 256x256 in fours; default 80x100"},
          {"--window", "X,Y,WxH",
           "its part of the aligned 178x218 frame, or full; default at 80x100: 49,90,80x100"}};
}

FaceWindow FaceWindowOf(const Arguments& arguments, const engine::Config& config) {
  const Outcome<FaceWindow> window = ParseFaceWindow(arguments.Text("--size", SizeOf(config.size)),
                                                     arguments.Text("--window", config.window));
  if (!window.ok()) throw UsageError(window.message());
  return *window;
}

FaceWindow FaceWindowOfModel(const Arguments& arguments, const engine::Config& config) {
  const std::string size = SizeOf(config.size);
  const Outcome<FaceWindow> own = ParseFaceWindow(size, config.window);
  if (!own.ok()) {
    throw EngineError(ErrorClass::kUser, "bad_model", "The model's settings: " + own.message(),
                      "The file is damaged, or of a newer version.");
  }
  if (arguments.Text("--size", size) != size) {
    throw UsageError("The model was trained at " + size + " and cannot convert at " +
                     arguments.Text("--size") + ": leave --size away.");
  }
  if (!arguments.Has("--window")) return *own;
  const Outcome<FaceWindow> given = ParseFaceWindow(size, arguments.Text("--window"));
  if (!given.ok()) throw UsageError(given.message());
  return *given;
}

void SetFaceWindow(const FaceWindow& window, engine::Config* config) {
  config->size = ShapeOf(window);
  config->window = WindowText(window);
}

engine::PixelShape ShapeOf(const FaceWindow& window) { return {window.height, window.width}; }

uint32_t NoteOf(const FaceWindow& window) {
  if (window.full) return UINT32_MAX;
  uint32_t note = 0;
  for (const int byte : {window.window_height, window.window_width, window.y, window.x}) {
    note = note << 8 | static_cast<uint32_t>(byte);
  }
  return note;
}

void RequireCacheOf(const FaceWindow& window, const engine::PixelCache& cache) {
  const std::string wanted = SizeText(window) + " with the window " + WindowText(window);
  const std::string advice = "Make it again with `mkengine prepare --size " + SizeText(window) +
                             " --window " + WindowText(window) +
                             "`, or train with the --size and --window that it was made with.";
  if (cache.shape() != ShapeOf(window)) {
    throw EngineError(
        ErrorClass::kUser, "other_size",
        "The pixel cache has pictures of " + SizeOf(cache.shape()) + ", not of " + wanted + ".",
        advice);
  }
  if (cache.note() != 0 && cache.note() != NoteOf(window)) {
    throw EngineError(ErrorClass::kUser, "other_window",
                      "The pixel cache was made with another window, not of " + wanted + ".",
                      advice);
  }
}

}  // namespace makeover
