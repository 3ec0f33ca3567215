#include "storage/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "storage/status_macros.h"

namespace makeover {

void FileDescriptor::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::Status ErrnoStatus(int error, absl::string_view what) {
  const std::string failed = absl::StrCat(what, " failed: ", std::strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(
          absl::StrCat(failed, "; the disk is full: free some space"));
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(absl::StrCat(failed, "; check the path"));
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(
          absl::StrCat(failed, "; check who owns the folder and whether it may be written"));
    case EIO:
      return absl::DataLossError(absl::StrCat(failed, "; check the disk's health"));
    default:
      return absl::UnavailableError(
          absl::StrCat(failed, "; check the path and the disk, then try again"));
  }
}

absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, 0644);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("opening ", path));
  return FileDescriptor(fd);
}

absl::Status WriteAll(int fd, absl::string_view bytes, absl::string_view path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, absl::StrCat("writing ", path));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status ReadAt(int fd, int64_t offset, size_t bytes_max, absl::string_view path,
                    std::string* out) {
  out->resize(bytes_max);
  size_t done = 0;
  while (done < bytes_max) {
    const ssize_t got =
        pread(fd, out->data() + done, bytes_max - done, offset + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, absl::StrCat("reading ", path));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  out->resize(done);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
  MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  std::string bytes;
  MK_RETURN_IF_ERROR(ReadAt(file.get(), 0, static_cast<size_t>(size), path, &bytes));
  return bytes;
}

absl::StatusOr<int64_t> FileSize(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return ErrnoStatus(errno, absl::StrCat("reading ", path));
  return static_cast<int64_t>(status.st_size);
}

absl::Status SyncFd(int fd, absl::string_view path) {
  if (fsync(fd) == 0) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("flushing ", path, " to the disk"));
}

absl::Status SyncFolder(const std::string& dir) {
  MK_ASSIGN_OR_RETURN(const FileDescriptor folder, OpenFile(dir, O_RDONLY | O_DIRECTORY));
  return SyncFd(folder.get(), dir);
}

absl::Status MakeFolders(const std::string& dir) {
  int made = mkdir(dir.c_str(), 0755);
  if (made != 0 && errno == ENOENT && FolderOf(dir) != dir) {
    MK_RETURN_IF_ERROR(MakeFolders(FolderOf(dir)));
    // Once: in a deleted folder, and in /proc, nothing can be made though the one above is there.
    made = mkdir(dir.c_str(), 0755);
  }
  if (made == 0) return SyncFolder(FolderOf(dir));
  struct stat status {};
  const int error = errno;
  if (error == EEXIST && stat(dir.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return absl::OkStatus();
  }
  return ErrnoStatus(error == EEXIST ? ENOTDIR : error, absl::StrCat("making the folder ", dir));
}

std::string FolderOf(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path.empty() ? "." : "/";
  const size_t slash = path.find_last_of('/', end);
  if (slash == std::string::npos) return ".";
  const size_t kept = path.find_last_not_of('/', slash);
  return kept == std::string::npos ? "/" : path.substr(0, kept + 1);
}

}  // namespace makeover
