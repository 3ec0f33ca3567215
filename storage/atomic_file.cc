#include "storage/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/status_macros.h"

namespace makeover {

AtomicFile::AtomicFile(std::string path, std::string temporary, FileDescriptor file)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::StatusOr<AtomicFile> AtomicFile::Create(const std::string& path) {
  std::string temporary = path + ".tmp-XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, absl::StrCat("writing ", path));
  FileDescriptor file(fd);
  fchmod(fd, 0644);  // mkostemp makes files that their owner alone can read
  return AtomicFile(path, std::move(temporary), std::move(file));
}

absl::Status AtomicFile::Append(absl::string_view bytes) {
  return WriteAll(file_.get(), bytes, path_);
}

absl::Status AtomicFile::Commit() {
  MK_RETURN_IF_ERROR(SyncFd(file_.get(), path_));
  file_.Close();
  MK_RETURN_IF_ERROR(RenameDurably(temporary_, path_));
  temporary_.clear();
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes) {
  MK_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  MK_RETURN_IF_ERROR(file.Append(bytes));
  return file.Commit();
}

absl::Status RenameDurably(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    return ErrnoStatus(errno, absl::StrCat("renaming ", from, " to ", to));
  }
  return SyncFolder(FolderOf(to));
}

}  // namespace makeover
