// Pictures of a folder, or of a dataset's index and shards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/face_folder.h"
#include "worker/mkengine/index.h"
#include "worker/mkengine/pictures.h"

namespace makeover {

// A folder of the user, with what its attribute file says. Throws EngineError of class USER;
// warnings go to stderr.
FaceFolder OpenFolder(const std::string& dir);

// Both keep what they read from alive. `wanted` is everything.
PictureList PicturesOf(FaceFolder folder);
PictureList PicturesOf(DatasetIndex index, const std::string& shards_dir);

// Changes when a picture of the folder is added, removed or changed: names, sizes and times of
// change.
std::string FolderFingerprint(const FaceFolder& folder);

}  // namespace makeover
