#pragma once

#include <string>
#include <vector>

#include "storage/outcome.h"

namespace makeover {

// What lies in a folder, sorted by name; hidden entries are passed over.
struct Listing {
  std::vector<std::string> pictures;  // files with a picture's extension
  std::vector<std::string> folders;
  std::vector<std::string>
      unusable;  // pictures and folders whose names are not UTF-8 or hold control characters
  size_t other_files = 0;
};

// Follows symbolic links. Fails with a sentence if the folder cannot be read.
Outcome<Listing> ListFolder(const std::string& dir);

// The same of a folder and the folders in it, down to `depth` of them; names are relative to `dir`.
// `folders` stays empty.
Outcome<Listing> ListTree(const std::string& dir, int depth);

bool IsFolder(const std::string& path);
bool IsFile(const std::string& path);

}  // namespace makeover
