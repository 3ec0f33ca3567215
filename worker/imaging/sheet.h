// Pictures of many pictures: the training sample and the preview of a dataset. Thread-safe; throw
// PictureError.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/imaging/picture.h"

namespace makeover {

// The training sample: four columns of pairs, the source at the left, its result at the right, in
// order, row by row. Each entry is a window of height x width x 3 bytes (CropWindow's form). An
// incomplete last row stays blank at its end. REQUIRES: as many results as sources, at least one,
// all of the same size.
Picture SampleSheet(const std::vector<std::vector<uint8_t>>& sources,
                    const std::vector<std::vector<uint8_t>>& results, int width = 80,
                    int height = 100);

struct ContactSheetOptions {
  int columns = 8;
  // Each picture is scaled to fit this cell, and centred in it.
  int cell_width = 178;
  int cell_height = 218;
};

struct SheetEntry {
  Picture picture;      // empty: the cell stays blank
  std::string caption;  // one line under the picture, shortened to fit; ASCII (other characters
                        // show as '?')
};

// The preview of a dataset: a grid of pictures on a light ground, captions under them where any
// entry has one. REQUIRES: at least one entry, options positive.
Picture ContactSheet(const std::vector<SheetEntry>& entries,
                     const ContactSheetOptions& options = {});

}  // namespace makeover
