#include "worker/identity.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {

absl::StatusOr<std::string> LoadIdentity(const std::string& data_dir) {
  const std::string path = data_dir + "/identity";
  absl::StatusOr<std::string> kept = ReadFile(path);
  if (kept.ok() && !kept->empty()) return kept;
  if (!kept.ok() && !absl::IsNotFound(kept.status())) return kept.status();
  std::random_device random;
  std::string identity;
  for (int i = 0; i < 4; ++i) absl::StrAppend(&identity, absl::Hex(random(), absl::kZeroPad8));
  MK_RETURN_IF_ERROR(WriteFileAtomically(path, identity));
  return identity;
}

}  // namespace makeover
