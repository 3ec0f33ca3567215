#include "worker/imaging/atomic_file.h"

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
int WriteWhole(const std::string& path, std::span<const uint8_t> bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return errno;
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const int write_error = errno;
  // A full disk may show only when the buffer is flushed.
  const bool closed = std::fclose(file) == 0;
  if (!written) return write_error;
  return closed ? 0 : errno;
}

}  // namespace

std::string WriteFileAtomically(const std::string& path, std::span<const uint8_t> bytes) {
  const std::string part = path + ".part";
  int error = WriteWhole(part, bytes);
  if (error == 0 && std::rename(part.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return "";
  std::remove(part.c_str());
  return Problem(path, error);
}

std::string WriteFileAtomically(const std::string& path, const std::string& text) {
  return WriteFileAtomically(path,
                             std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace makeover
