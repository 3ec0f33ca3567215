// What mkengine does with picture files, so far as more than one command needs it. Built from
// pictures.cc, over worker/imaging, or from without_pictures.cc, where everything but EncodePng
// says that this build cannot.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/face_window.h"
#include "worker/mkengine/command.h"

namespace makeover {

// The bytes of a PNG file of 8-bit RGB pixels. REQUIRES: rgb.size() == width * height * 3.
std::string EncodePng(int width, int height, const std::vector<uint8_t>& rgb);

// Pictures that somebody can read by number, from several threads at once.
struct PictureList {
  int64_t count = 0;
  std::function<std::string(int64_t)> name;
  std::function<std::string(int64_t)> read;  // the file's bytes; may throw EngineError
  std::function<bool(int64_t)> wanted;       // others are marked as missing without being read
};

struct Prepared {
  int64_t rows = 0;
  int64_t quarantined = 0;
  bool stopped = false;  // by a signal: then there is no file
};

// Decodes every wanted picture, cuts out the window and writes the pixel cache; emits `quarantine`
// for each that is bad, in order, and `prepared` at the end. Throws EngineError of class USER where
// no picture is good.
Prepared PreparePixels(const PictureList& pictures, const FaceWindow& window,
                       const std::string& out, int threads, const Surroundings& around);

// Throws EngineError in a build that cannot read pictures.
void RequirePictures();

}  // namespace makeover
