#include "worker/engine/pixel_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/engine/scratch.h"
#include "worker/engine/error.h"
#include "worker/engine/file.h"

namespace makeover::engine {
namespace {

constexpr PixelShape kShape = {3, 2};

std::vector<uint8_t> Pixels(uint8_t level) {
  return std::vector<uint8_t>(static_cast<size_t>(kShape.bytes()), level);
}

TEST(PixelCacheTest, ReadsWhatWasPut) {
  const Scratch scratch;
  PixelCacheWriter writer(scratch / "a.pixels", kShape, 3);
  writer.Put(2, Pixels(7));
  writer.Put(0, Pixels(9));
  writer.Commit();
  const PixelCache cache(scratch / "a.pixels");
  EXPECT_EQ(cache.shape(), kShape);
  EXPECT_EQ(cache.rows(), 3);
  EXPECT_TRUE(cache.Has(0));
  EXPECT_FALSE(cache.Has(1));
  EXPECT_TRUE(cache.Has(2));
  EXPECT_EQ(cache.Row(0)[17], 9);
  EXPECT_EQ(cache.Row(2)[0], 7);
}

TEST(PixelCacheTest, KeepsTheNoteOfItsWriter) {
  const Scratch scratch;
  for (const uint32_t note : {0U, 0x12345678U, UINT32_MAX}) {
    PixelCacheWriter writer(scratch / "a.pixels", kShape, 1, note);
    writer.Commit();
    EXPECT_EQ(PixelCache(scratch / "a.pixels").note(), note);
  }
}

TEST(PixelCacheTest, AMissingLastRowHasItsPlace) {
  const Scratch scratch;
  PixelCacheWriter writer(scratch / "a.pixels", kShape, 2);
  writer.Put(0, Pixels(1));
  writer.Commit();
  const PixelCache cache(scratch / "a.pixels");
  EXPECT_FALSE(cache.Has(1));
  EXPECT_EQ(cache.Row(1)[17], 0);
}

TEST(PixelCacheTest, NothingAppearsWithoutCommit) {
  const Scratch scratch;
  { PixelCacheWriter writer(scratch / "a.pixels", kShape, 2); }
  EXPECT_FALSE(std::filesystem::exists(scratch / "a.pixels"));
  EXPECT_FALSE(std::filesystem::exists(scratch / "a.pixels.partial"));
}

TEST(PixelCacheTest, DamagedFilesAreRefused) {
  const Scratch scratch;
  PixelCacheWriter writer(scratch / "a.pixels", kShape, 2);
  writer.Put(1, Pixels(1));
  writer.Commit();
  const std::string whole = ReadFile(scratch / "a.pixels");
  const auto refused = [&](const std::string& bytes) {
    WriteFileAtomically(scratch / "b", bytes);
    EXPECT_THROW(PixelCache cache(scratch / "b"), EngineError);
  };
  for (const size_t size :
       {size_t{0}, size_t{8}, size_t{40}, size_t{42}, size_t{4096}, whole.size() - 1}) {
    refused(whole.substr(0, size));
  }
  refused(whole + "x");
  for (const size_t at : {0, 8, 12, 16, 24, 31, 32}) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] + 100);
    refused(bytes);
  }
  EXPECT_THROW(PixelCache cache(scratch / "none"), EngineError);
}

TEST(FileTest, AFullDiskIsOfClassStorage) {
  try {
    AppendToFile("/dev/full", "x");
    FAIL() << "it was written";
  } catch (const EngineError& error) {
    EXPECT_EQ(error.error_class(), ErrorClass::kStorage);
    EXPECT_EQ(error.code(), "disk_full");
  }
}

}  // namespace
}  // namespace makeover::engine
