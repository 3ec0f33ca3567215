#include "worker/engine/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

[[noreturn]] void Throw(const std::string& what, const std::string& path, int error) {
  const std::string message = what + " " + path + ": " + std::strerror(error) + ".";
  if (error == ENOSPC || error == EDQUOT) {
    throw EngineError(ErrorClass::kStorage, "disk_full", message,
                      "Free some space; the work goes on from its last checkpoint.");
  }
  if (error == EIO) {
    throw EngineError(ErrorClass::kTask, "disk_error", message, "Check the disk of this machine.");
  }
  throw EngineError(ErrorClass::kUser, "file", message, "Check the path and its permissions.");
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Returns false with errno set.
bool WriteAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    data += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

std::string ReadFile(const std::string& path, uint64_t bytes_max) {
  const Descriptor file(path, O_RDONLY);
  struct stat info = {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) Throw("Cannot read", path, errno);
  if (S_ISDIR(info.st_mode)) Throw("Cannot read", path, EISDIR);
  if (static_cast<uint64_t>(info.st_size) > bytes_max) Throw("Cannot read", path, EFBIG);
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = read(file.get(), bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) Throw("Cannot read", path, errno);
    if (n == 0) break;
    at += static_cast<size_t>(n);
  }
  bytes.resize(at);
  return bytes;
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), partial_(path_ + ".partial") {
  fd_ = open(partial_.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
  if (fd_ < 0) Fail("Cannot write");
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(partial_.c_str());
}

void AtomicFile::Fail(const char* what) const { Throw(what, path_, errno); }

void AtomicFile::Write(const void* data, size_t size) {
  if (!WriteAll(fd_, static_cast<const char*>(data), size)) Fail("Cannot write");
}

void AtomicFile::WriteAt(uint64_t offset, const void* data, size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = pwrite(fd_, bytes, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) Fail("Cannot write");
    bytes += n;
    offset += static_cast<uint64_t>(n);
    size -= static_cast<size_t>(n);
  }
}

void AtomicFile::Commit() {
  if (fsync(fd_) != 0) Fail("Cannot save");
  if (rename(partial_.c_str(), path_.c_str()) != 0) Fail("Cannot save");
  close(std::exchange(fd_, -1));
  const Descriptor folder(FolderOf(path_), O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0 || fsync(folder.get()) != 0) Fail("Cannot save");
}

void WriteFileAtomically(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.Write(bytes.data(), bytes.size());
  file.Commit();
}

void AppendToFile(const std::string& path, std::string_view bytes) {
  const Descriptor file(path, O_CREAT | O_APPEND | O_WRONLY);
  if (file.get() < 0 || !WriteAll(file.get(), bytes.data(), bytes.size()))
    Throw("Cannot write", path, errno);
}

FileLock::FileLock(const std::string& path, const std::function<bool()>& stop)
    : fd_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
  if (fd_ < 0) Throw("Cannot lock", path, errno);
  while (!held_ && !stop()) {
    held_ = flock(fd_, LOCK_EX) == 0;
    if (!held_ && errno != EINTR) {
      const int error = errno;
      close(fd_);
      Throw("Cannot lock", path, error);
    }
  }
}

FileLock::~FileLock() { close(fd_); }

void MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) Throw("Cannot make the folder", path, error.value());
}

}  // namespace makeover::engine
