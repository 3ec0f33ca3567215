#include "worker/mkengine/result_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <utility>

namespace makeover {
namespace {

std::string PartOf(const std::string& path) { return path + ".part"; }

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

std::string Problem(const std::string& path, int error) {
  const std::string advice = error == ENOSPC ? "; free some space and run it again" : "";
  return "cannot write " + path + ": " + std::strerror(error) + advice;
}

// 0 or the error number.
int WriteWhole(const std::string& path, const std::string& bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int error = 0;
  for (size_t at = 0; at < bytes.size() && error == 0;) {
    const ssize_t n = write(fd, bytes.data() + at, bytes.size() - at);
    if (n >= 0) {
      at += static_cast<size_t>(n);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  return close(fd) == 0 ? error : errno;
}

// 0 or the error number. Of a folder: its names; or all of the file system that it lies in.
int Sync(const std::string& folder, int (*sync)(int)) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = sync(fd) == 0 ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

ResultFiles::~ResultFiles() {
  for (const std::string& path : paths_) unlink(PartOf(path).c_str());
}

std::string ResultFiles::Write(const std::string& path, const std::string& bytes) {
  const int error = WriteWhole(PartOf(path), bytes);
  if (error == 0) {
    paths_.push_back(path);
    return "";
  }
  unlink(PartOf(path).c_str());
  return Problem(path, error);
}

std::vector<std::string> ResultFiles::Settle() {
  std::set<std::string> folders;
  for (const std::string& path : paths_) folders.insert(FolderOf(path));
  int error = 0;
  // Folders in OUT may lie on disks of their own.
  for (const std::string& folder : folders) {
    if (error == 0) error = Sync(folder, syncfs);
  }
  std::vector<std::string> reasons;
  for (const std::string& path : paths_) {
    int own = error;
    if (own == 0 && std::rename(PartOf(path).c_str(), path.c_str()) != 0) own = errno;
    if (own != 0) unlink(PartOf(path).c_str());
    reasons.push_back(own == 0 ? "" : Problem(path, own));
  }
  for (const std::string& folder : folders) static_cast<void>(Sync(folder, fsync));
  paths_.clear();
  return reasons;
}

}  // namespace makeover
