#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace makeover {

// A picture to convert: where it lies, and its name below the output folder.
struct ConvertInput {
  std::string path;
  std::string name;
};

struct ConvertSkip {
  std::string name;
  std::string reason;
};

struct ConvertScan {
  std::vector<ConvertInput> inputs;  // sorted by name within each path
  std::vector<ConvertSkip> skipped;
};

// Finds the pictures (by their extension) of files and folders. One path: names are below it.
// Several: as with cp, a folder's names begin with its own name. Hidden files are passed over, the
// output folder too. NOT_FOUND: no such path. FAILED_PRECONDITION: no picture; two of one name.
absl::StatusOr<ConvertScan> ScanConvertInputs(const std::vector<std::string>& paths, bool recursive,
                                              const std::string& out);

// "photos/" gives "photos-makeover", "photo.jpg" gives "photo-makeover". INVALID_ARGUMENT: more
// than one path needs --out.
absl::StatusOr<std::string> DefaultConvertOut(const std::vector<std::string>& paths);

}  // namespace makeover
