#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "storage/file_io.h"

namespace makeover {

// Holds a data folder for one process. The lock ends with the object or the process, however that
// ends (flock(2)).
class FileLock {
 public:
  // Makes the folder if need be, and its file "lock". kFailedPrecondition: another process holds
  // the folder; the sentence names it. Else errors as ErrnoStatus.
  static absl::StatusOr<FileLock> Acquire(const std::string& dir);

 private:
  explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

}  // namespace makeover
