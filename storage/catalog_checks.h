#pragma once

#include <string>

#include "absl/status/status.h"
#include "storage/database.h"

namespace makeover {

// Looks at every page of the file. kDataLoss: it is damaged or truncated.
absl::Status CheckPages(Database* database, const std::string& path);

}  // namespace makeover
