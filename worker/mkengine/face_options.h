// --size and --window: which part of a picture the networks see, and at which size.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/face_window.h"
#include "worker/engine/config.h"
#include "worker/engine/pixel_cache.h"
#include "worker/mkengine/command_line.h"

namespace makeover {

// Their rows in a command's help.
std::vector<Option> FaceOptions();

// What the options say; what they leave open is as in the configuration. Throws UsageError.
FaceWindow FaceWindowOf(const Arguments& arguments, const engine::Config& config = {});

// That of a model for a conversion: the size is the model's own, but pictures that lie otherwise
// than those of its training may be given another window. Throws UsageError, and EngineError of
// class USER where the model's own is damaged.
FaceWindow FaceWindowOfModel(const Arguments& arguments, const engine::Config& config);

// The settings of a run in full, so that its checkpoints depend on no default.
void SetFaceWindow(const FaceWindow& window, engine::Config* config);

engine::PixelShape ShapeOf(const FaceWindow& window);

// What a pixel cache notes about its window: x, y, width and height, a byte each; all bits for a
// full one.
uint32_t NoteOf(const FaceWindow& window);

// Throws EngineError of class USER where the cache was made with another size or window. One
// without a note may have any window.
void RequireCacheOf(const FaceWindow& window, const engine::PixelCache& cache);

}  // namespace makeover
