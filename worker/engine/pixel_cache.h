// Decoded faces of a dataset, memory-mapped: one record of height x width x 3 bytes (RGB) per row.
//
// The file, little-endian: "MKPIXEL1"; uint32 height, width, channels, note; uint64 rows; uint64
// offset of the records (a multiple of 4096); a byte per row (1: there, 0: could not be decoded);
// the records. The note is a number of its writer, which tells what part of each picture the
// records show; 0: it is not known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/engine/file.h"

namespace makeover::engine {

struct PixelShape {
  int64_t height = 100;
  int64_t width = 80;
  int64_t bytes() const { return height * width * 3; }
  friend bool operator==(const PixelShape&, const PixelShape&) = default;
};

// Reads. The object is immutable, so any number of threads may read at once.
class PixelCache {
 public:
  // Throws EngineError of class USER where the file is no pixel cache or is not whole.
  explicit PixelCache(const std::string& path);
  ~PixelCache();
  PixelCache(const PixelCache&) = delete;
  PixelCache& operator=(const PixelCache&) = delete;

  PixelShape shape() const { return shape_; }
  uint32_t note() const { return note_; }
  int64_t rows() const { return rows_; }
  // REQUIRES for both: 0 <= row < rows().
  bool Has(int64_t row) const { return table_[row] == 1; }
  // The record; zeros where the row is missing. Valid as long as the cache.
  const uint8_t* Row(int64_t row) const { return records_ + row * shape_.bytes(); }

 private:
  void Check(const std::string& path);

  const uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
  PixelShape shape_;
  uint32_t note_ = 0;
  int64_t rows_ = 0;
  const uint8_t* table_ = nullptr;
  const uint8_t* records_ = nullptr;
};

// Writes. Put may be called from several threads for distinct rows.
class PixelCacheWriter {
 public:
  PixelCacheWriter(const std::string& path, PixelShape shape, int64_t rows, uint32_t note = 0);

  // REQUIRES: pixels has shape.bytes() bytes; 0 <= row < rows.
  void Put(int64_t row, const std::vector<uint8_t>& pixels);
  // Rows that were never put are marked as missing. The file appears under its name.
  void Commit();

 private:
  AtomicFile file_;
  PixelShape shape_;
  uint32_t note_;
  int64_t rows_;
  uint64_t records_;
  std::vector<char> table_;
};

}  // namespace makeover::engine
