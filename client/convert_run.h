#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/command.h"
#include "client/session.h"

namespace makeover {

struct ConvertOptions {
  std::vector<std::string> paths;
  std::string model;  // empty: the newest finished one
  std::string out;    // empty: PATH-makeover
  double strength = 1;
  bool recursive = false;
  bool detach = false;
  int32_t priority = 0;
};

// Converts what is not converted yet. A conversion that was broken off or detached is found again
// by its state in the output folder. One process at a time works in an output folder.
CommandResult ConvertPaths(Session& session, const ConvertOptions& options);

}  // namespace makeover
