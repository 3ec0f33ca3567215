#include "worker/imaging/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace makeover {
namespace {

std::string Problem(const std::string& path, int error) {
  const std::string advice = error == ENOSPC ? "; free some space and run it again" : "";
  return "cannot write " + path + ": " + std::strerror(error) + advice;
}

// 0 or the error number.
int WriteWhole(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return 0;
}

// Opens, does the work and puts what it did on disk; 0 or the error number.
template <typename Work>
int OnDisk(const std::string& path, int flags, Work work) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int error = work(fd);
  if (error == 0 && fsync(fd) != 0) error = errno;
  close(fd);
  return error;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

std::string WriteFileAtomically(const std::string& path, std::span<const uint8_t> bytes) {
  const std::string part = path + ".part";
  int error =
      OnDisk(part, O_WRONLY | O_CREAT | O_TRUNC, [bytes](int fd) { return WriteWhole(fd, bytes); });
  if (error == 0 && std::rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) error = OnDisk(FolderOf(path), O_RDONLY | O_DIRECTORY, [](int) { return 0; });
  if (error == 0) return "";
  std::remove(part.c_str());
  return Problem(path, error);
}

std::string WriteFileAtomically(const std::string& path, const std::string& text) {
  return WriteFileAtomically(path,
                             std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace makeover
