#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "storage/outcome.h"

namespace makeover {

// Plain tar files: POSIX ustar, with a pax header before a member whose name is longer than 100
// bytes (POSIX.1-2017, pax). Everything but name, size and content is fixed (mode 0644, owner 0,
// time 0), so equal members give equal bytes.

inline constexpr uint64_t kTarBlockBytes = 512;
inline constexpr uint64_t kTarMemberBytesMax = (uint64_t{1} << 33) - 1;  // eleven octal digits
inline constexpr size_t kTarNameBytesMax = 4096;

// A regular file in a tar: its content is bytes [offset, offset + size) of the tar.
struct TarMember {
  std::string name;
  uint64_t offset = 0;
  uint64_t size = 0;
  friend bool operator==(const TarMember&, const TarMember&) = default;
};

// Whether unpacking under this name stays in the folder: relative, no empty, "." or ".." part, no
// control characters or backslashes, at most kTarNameBytesMax bytes.
bool IsSafeTarName(std::string_view name);

// The header blocks that go before a member's content.
// REQUIRES: IsSafeTarName(name), size <= kTarMemberBytesMax.
std::string TarHeader(std::string_view name, uint64_t size);

// Zero bytes that go behind a member's content, to the next block.
size_t TarPaddingBytes(uint64_t size);

// Two zero blocks that end a tar.
std::string TarEnd();

// The regular files of a tar, in its order; folders and links are passed over. Reads headers only.
// Understands ustar, pax and GNU long names. Fails with a sentence on a file that cannot be read,
// is truncated (no end blocks, a member that goes beyond the end), is no tar (checksum), or has a
// name that is not safe.
Outcome<std::vector<TarMember>> ReadTarIndex(const std::string& path);

// The content of a member. Fails with a sentence.
Outcome<std::string> ReadTarMember(const std::string& path, const TarMember& member);

// Writes a tar file under the given name (the caller renames it when it is whole). Not thread-safe.
// After a failure every further call fails.
class TarWriter {
 public:
  // Replaces an existing file.
  explicit TarWriter(const std::string& path);

  // An empty string, or a sentence: the name is not safe, or the disk is full.
  std::string Add(std::string_view name, std::string_view content);

  // Ends the file. Without it the file is truncated, and ReadTarIndex says so. Not durable: the
  // caller flushes.
  std::string Finish();

  const std::vector<TarMember>& members() const { return members_; }

 private:
  std::string Check() const;

  std::string path_;
  std::ofstream file_;
  uint64_t bytes_ = 0;
  std::vector<TarMember> members_;
};

}  // namespace makeover
