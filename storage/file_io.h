#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace makeover {

// Owns an open file. Move-only.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

// What errno `error` means for `what` ("writing /data/x"): a sentence with what, why and what to
// do. A full disk or quota is kResourceExhausted, a missing file kNotFound, no permission
// kPermissionDenied, a failing disk kDataLoss, anything else kUnavailable.
absl::Status ErrnoStatus(int error, absl::string_view what);

// open(2) with O_CLOEXEC; new files get mode 0644. Errors as ErrnoStatus.
absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags);

// Writes everything, at the file's position. Errors as ErrnoStatus; a part may then be written.
absl::Status WriteAll(int fd, absl::string_view bytes, absl::string_view path);

// Reads up to `bytes_max` bytes from `offset` into *out; fewer only at the end of the file.
absl::Status ReadAt(int fd, int64_t offset, size_t bytes_max, absl::string_view path,
                    std::string* out);

absl::StatusOr<std::string> ReadFile(const std::string& path);
absl::StatusOr<int64_t> FileSize(const std::string& path);

// fsync of a file or folder: what was written, or the names in it, survive loss of power.
absl::Status SyncFd(int fd, absl::string_view path);
absl::Status SyncFolder(const std::string& dir);

// Makes a folder and those above it, each durable in the one above. Fine if it is there.
absl::Status MakeFolders(const std::string& dir);

// The folder that `path` is in.
std::string FolderOf(const std::string& path);

}  // namespace makeover
