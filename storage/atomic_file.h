#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/file_io.h"

namespace makeover {

// A file that appears under its name whole and durable, or not at all: written under a temporary
// name in the same folder, flushed, renamed, the folder flushed. Destroyed without Commit, it
// leaves nothing behind; after kill -9 it may leave a file whose name ends in ".tmp-XXXXXX". Not
// thread-safe; two writers of one name are: the later Commit stays. Errors as ErrnoStatus.
class AtomicFile {
 public:
  static absl::StatusOr<AtomicFile> Create(const std::string& path);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) = delete;

  absl::Status Append(absl::string_view bytes);

  // REQUIRES: called once.
  absl::Status Commit();

 private:
  AtomicFile(std::string path, std::string temporary, FileDescriptor file);

  std::string path_;
  std::string temporary_;  // empty: nothing to remove
  FileDescriptor file_;
};

// The same for bytes that are at hand.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes);

// rename(2), then flushes the folder of `to`.
absl::Status RenameDurably(const std::string& from, const std::string& to);

}  // namespace makeover
