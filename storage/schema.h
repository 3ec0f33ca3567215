#pragma once

#include <string>

#include "absl/status/status.h"
#include "storage/database.h"

namespace makeover {

// The number of the newest migration that this program knows.
int SchemaVersion();

// Brings a file to SchemaVersion(), by numbered steps, each in a transaction of its own; SQLite's
// user_version says which were done. Before the first step on a file that has content, a copy is
// put beside it as PATH.vN.bak. kFailedPrecondition: the file was written by a newer version, or is
// some other program's.
absl::Status Migrate(Database* writer, const std::string& path);

}  // namespace makeover
