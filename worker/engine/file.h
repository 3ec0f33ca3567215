// Files that are whole or not there. Every function throws EngineError with the path and the
// system's reason; a full disk is of class STORAGE. Thread-safe for distinct paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace makeover::engine {

// The whole file. Refuses files beyond bytes_max.
std::string ReadFile(const std::string& path, uint64_t bytes_max = uint64_t{1} << 30);

// A file that appears under its name only when Commit has put every byte on disk: written to
// "<path>.partial", fsynced, renamed, its folder fsynced. Without Commit the partial file is
// removed.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void Write(const void* data, size_t size);
  void WriteAt(uint64_t offset, const void* data, size_t size);  // does not move the place of Write
  void Commit();

 private:
  [[noreturn]] void Fail(const char* what) const;

  std::string path_;
  std::string partial_;
  int fd_ = -1;
};

void WriteFileAtomically(const std::string& path, std::string_view bytes);

// Adds the bytes to the end; the file is made where it is missing. Not synced: for logs.
void AppendToFile(const std::string& path, std::string_view bytes);

// A file of no content that one process at a time holds, until it ends. The file stays.
class FileLock {
 public:
  // Waits for whoever holds it. A signal ends the wait where stop() says so then.
  FileLock(const std::string& path, const std::function<bool()>& stop);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

// Makes the folder and those above it.
void MakeFolder(const std::string& path);

}  // namespace makeover::engine
