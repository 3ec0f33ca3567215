#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace makeover {

// What tells this worker from another of the same name: 32 random hexadecimal digits, made once and
// kept in DATA_DIR/identity. Errors of the disk.
absl::StatusOr<std::string> LoadIdentity(const std::string& data_dir);

}  // namespace makeover
