#include "worker/engine/pixel_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "worker/engine/error.h"

namespace makeover::engine {
namespace {

constexpr char kMagic[] = "MKPIXEL1";
constexpr uint64_t kPage = 4096;

struct Header {
  char magic[8];
  uint32_t height, width, channels, note;
  uint64_t rows, records;
};
static_assert(sizeof(Header) == 40);

uint64_t RecordsOffset(uint64_t rows) {
  return (sizeof(Header) + rows + kPage - 1) / kPage * kPage;
}

[[noreturn]] void Refuse(const std::string& path, const std::string& why) {
  throw EngineError(ErrorClass::kUser, "bad_pixels",
                    "The pixel cache " + path + " cannot be used: " + why + ".",
                    "Make it again with `mkengine prepare`.");
}

}  // namespace

PixelCache::PixelCache(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) Refuse(path, std::strerror(errno));
  struct stat info = {};
  const bool known = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  size_ = static_cast<uint64_t>(info.st_size);
  void* data = known && size_ > 0 ? mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
  close(fd);
  if (!known) Refuse(path, "it is no plain file");
  if (data == MAP_FAILED) Refuse(path, size_ == 0 ? "it is empty" : std::strerror(errno));
  data_ = static_cast<const uint8_t*>(data);
  try {
    Check(path);
  } catch (...) {
    munmap(data, size_);
    throw;
  }
}

PixelCache::~PixelCache() { munmap(const_cast<uint8_t*>(data_), size_); }

void PixelCache::Check(const std::string& path) {
  Header header = {};
  if (size_ < sizeof header) Refuse(path, "it is too short");
  std::memcpy(&header, data_, sizeof header);
  if (std::memcmp(header.magic, kMagic, 8) != 0) Refuse(path, "it is no file of this kind");
  const bool sane = header.channels == 3 && header.height >= 1 && header.height <= 4096 &&
                    header.width >= 1 && header.width <= 4096 && header.rows <= (uint64_t{1} << 32);
  if (!sane || header.records != RecordsOffset(header.rows)) Refuse(path, "its header is damaged");
  shape_ = {header.height, header.width};
  note_ = header.note;
  rows_ = static_cast<int64_t>(header.rows);
  const uint64_t expected = header.records + header.rows * static_cast<uint64_t>(shape_.bytes());
  if (size_ != expected) {
    Refuse(path, "it has " + std::to_string(size_) + " bytes where " + std::to_string(expected) +
                     " are due");
  }
  table_ = data_ + sizeof(Header);
  records_ = data_ + header.records;
}

PixelCacheWriter::PixelCacheWriter(const std::string& path, PixelShape shape, int64_t rows,
                                   uint32_t note)
    : file_(path),
      shape_(shape),
      note_(note),
      rows_(rows),
      records_(RecordsOffset(static_cast<uint64_t>(rows))),
      table_(static_cast<size_t>(rows), 0) {}

void PixelCacheWriter::Put(int64_t row, const std::vector<uint8_t>& pixels) {
  file_.WriteAt(records_ + static_cast<uint64_t>(row * shape_.bytes()), pixels.data(),
                pixels.size());
  table_[static_cast<size_t>(row)] = 1;
}

void PixelCacheWriter::Commit() {
  Header header = {};
  std::memcpy(header.magic, kMagic, 8);
  header.height = static_cast<uint32_t>(shape_.height);
  header.width = static_cast<uint32_t>(shape_.width);
  header.channels = 3;
  header.note = note_;
  header.rows = static_cast<uint64_t>(rows_);
  header.records = records_;
  file_.WriteAt(0, &header, sizeof header);
  file_.WriteAt(sizeof header, table_.data(), table_.size());
  const uint64_t size = records_ + header.rows * static_cast<uint64_t>(shape_.bytes());
  const bool last_missing = rows_ == 0 || table_.back() == 0;
  if (last_missing && size > sizeof header + table_.size()) {
    const char zero = 0;  // gives the file its full length
    file_.WriteAt(size - 1, &zero, 1);
  }
  file_.Commit();
}

}  // namespace makeover::engine
