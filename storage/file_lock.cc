#include "storage/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status HeldByAnother(const std::string& dir, int fd, const std::string& path) {
  std::string holder;
  if (!ReadAt(fd, 0, 64, path, &holder).ok()) holder.clear();
  const absl::string_view process = absl::StripSuffix(holder, "\n");
  return absl::FailedPreconditionError(absl::StrCat(
      "the data folder ", dir, " is in use by another process",
      process.empty() ? "" : absl::StrCat(" (process ", process, ")"),
      ", and two would damage it; stop that process, or name another folder with --data-dir"));
}

}  // namespace

absl::StatusOr<FileLock> FileLock::Acquire(const std::string& dir) {
  MK_RETURN_IF_ERROR(MakeFolders(dir));
  const std::string path = dir + "/lock";
  MK_ASSIGN_OR_RETURN(FileDescriptor file, OpenFile(path, O_RDWR | O_CREAT));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return HeldByAnother(dir, file.get(), path);
    return ErrnoStatus(errno, absl::StrCat("locking ", path));
  }
  // For the sentence that the next one reads; on a full disk the lock holds without it.
  if (ftruncate(file.get(), 0) == 0) {
    WriteAll(file.get(), absl::StrCat(getpid(), "\n"), path).IgnoreError();
  }
  return FileLock(std::move(file));
}

}  // namespace makeover
