#include "storage/tar.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace makeover {
namespace {

// Places in a ustar header, POSIX.1-2017, "pax", table 4-13: offset and length in bytes.
struct Place {
  size_t offset;
  size_t bytes;
};
constexpr Place kName{0, 100};
constexpr Place kMode{100, 8};
constexpr Place kOwner{108, 8};
constexpr Place kGroup{116, 8};
constexpr Place kSize{124, 12};
constexpr Place kTime{136, 12};
constexpr Place kChecksum{148, 8};
constexpr size_t kType = 156;
constexpr size_t kMagic = 257;

void PutOctal(std::string& block, Place place, uint64_t value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%0*llo", static_cast<int>(place.bytes - 1),
                static_cast<unsigned long long>(value));
  block.replace(place.offset, place.bytes - 1, digits);
}

uint64_t Checksum(std::string_view block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < kTarBlockBytes; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.bytes;
    sum += own ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

std::string HeaderBlock(std::string_view name, uint64_t size, char type) {
  std::string block(kTarBlockBytes, '\0');
  block.replace(kName.offset, std::min(name.size(), kName.bytes), name.substr(0, kName.bytes));
  PutOctal(block, kMode, 0644);
  PutOctal(block, kOwner, 0);
  PutOctal(block, kGroup, 0);
  PutOctal(block, kSize, size);
  PutOctal(block, kTime, 0);
  block[kType] = type;
  block.replace(kMagic, 8, std::string_view("ustar\00000", 8));
  PutOctal(block, Place{kChecksum.offset, 7}, Checksum(block));
  block[kChecksum.offset + 7] = ' ';
  return block;
}

// "LENGTH path=NAME\n", where LENGTH counts itself.
std::string PaxRecord(std::string_view name) {
  const std::string rest = " path=" + std::string(name) + "\n";
  size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) ++length;
  return std::to_string(length) + rest;
}

}  // namespace

bool IsSafeTarName(std::string_view name) {
  if (name.empty() || name.size() > kTarNameBytesMax) return false;
  for (const char c : name) {
    if (c == '\\' || std::iscntrl(static_cast<unsigned char>(c)) != 0) return false;
  }
  size_t start = 0;
  while (start <= name.size()) {
    const size_t end = std::min(name.find('/', start), name.size());
    const std::string_view part = name.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

size_t TarPaddingBytes(uint64_t size) {
  return static_cast<size_t>((kTarBlockBytes - size % kTarBlockBytes) % kTarBlockBytes);
}

std::string TarEnd() { return std::string(2 * kTarBlockBytes, '\0'); }

std::string TarHeader(std::string_view name, uint64_t size) {
  if (name.size() <= kName.bytes) return HeaderBlock(name, size, '0');
  const std::string record = PaxRecord(name);
  return HeaderBlock("pax_header", record.size(), 'x') + record +
         std::string(TarPaddingBytes(record.size()), '\0') + HeaderBlock(name, size, '0');
}

TarWriter::TarWriter(const std::string& path)
    : path_(path), file_(path, std::ios::binary | std::ios::trunc) {}

std::string TarWriter::Check() const {
  if (file_.good()) return "";
  return "writing " + path_ +
         " failed; check that the folder may be written and the disk is not full";
}

std::string TarWriter::Add(std::string_view name, std::string_view content) {
  if (!IsSafeTarName(name) || content.size() > kTarMemberBytesMax) {
    return "\"" + std::string(name.substr(0, 100)) +
           "\" cannot be put into a tar: its name leads out of the folder or it is too big; rename "
           "it";
  }
  const std::string header = TarHeader(name, content.size());
  file_ << header << content << std::string(TarPaddingBytes(content.size()), '\0');
  members_.push_back({std::string(name), bytes_ + header.size(), content.size()});
  bytes_ += header.size() + content.size() + TarPaddingBytes(content.size());
  return Check();
}

std::string TarWriter::Finish() {
  file_ << TarEnd();
  file_.close();
  return Check();
}

}  // namespace makeover
