// Draws toy faces to look at: `toy_sheet OUT.png [SEED]` writes a grid of faces; `toy_sheet OUT.png
// SEED pairs` writes pairs of the same face without and with each attribute.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "worker/imaging/codec.h"
#include "worker/imaging/geometry.h"
#include "worker/imaging/sheet.h"
#include "worker/imaging/toy_faces.h"

namespace makeover {
namespace {

std::vector<SheetEntry> Faces(uint64_t seed, int count) {
  std::vector<SheetEntry> entries;
  for (int i = 0; i < count; ++i) {
    entries.push_back({DrawToyFace(MakeToyFace(seed, MakeToyPerson(seed, i), i)), ""});
  }
  return entries;
}

// A face on which the attribute can be seen: beards need a beard, hair colours no other one.
ToyFace Suited(ToyFace face, ToyAttribute attribute) {
  using enum ToyAttribute;
  for (const ToyAttribute colour : {kBlackHair, kBlondHair, kBrownHair, kGrayHair}) {
    if (attribute != kBald) face.attributes.set(colour, colour == attribute);
  }
  for (const ToyAttribute beard : {k5oClockShadow, kGoatee, kMustache, kSideburns}) {
    if (beard != attribute) continue;
    face.attributes.set(kMale);
    face.attributes.set(kWearingLipstick, false);
    face.attributes.set(kNoBeard, false);
  }
  return face;
}

std::vector<SheetEntry> Pairs(uint64_t seed) {
  std::vector<SheetEntry> entries;
  for (int i = 0; i < kToyAttributeCount; ++i) {
    ToyFace face =
        Suited(MakeToyFace(seed, MakeToyPerson(seed, i), i), static_cast<ToyAttribute>(i));
    for (const bool value : {false, true}) {
      face.attributes.set(static_cast<ToyAttribute>(i), value);
      entries.push_back(
          {DrawToyFace(face),
           (value ? "" : "not ") + std::string(kToyAttributeNames[static_cast<size_t>(i)])});
    }
  }
  return entries;
}

// What the generator sees of each face.
void KeepWindows(std::vector<SheetEntry>& entries) {
  for (SheetEntry& entry : entries) {
    const FaceGeometry geometry;
    entry.picture = {geometry.window_width, geometry.window_height, CropWindow(entry.picture), {}};
  }
}

int Run(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: toy_sheet OUT.png [SEED [pairs [window]]]\n");
    return 2;
  }
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::vector<SheetEntry> entries = argc > 3 ? Pairs(seed) : Faces(seed, 40);
  if (argc > 4) KeepWindows(entries);
  WritePicture(argv[1], ContactSheet(entries, {.columns = argc > 3 ? 10 : 8}));
  return 0;
}

}  // namespace
}  // namespace makeover

int main(int argc, char** argv) {
  try {
    return makeover::Run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "toy_sheet: %s\n", error.what());
    return 1;
  }
}
