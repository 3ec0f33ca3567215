#include "tests/imaging/make_picture.h"

#include <zlib.h>

#include <cstdlib>
#include <stdexcept>

#include "worker/imaging/toy_random.h"

namespace makeover {
namespace {

void Append32(std::vector<uint8_t>& bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<uint8_t>(value >> shift));
}

void AppendChunk(std::vector<uint8_t>& png, const std::string& type,
                 const std::vector<uint8_t>& body) {
  Append32(png, static_cast<uint32_t>(body.size()));
  std::vector<uint8_t> checked(type.begin(), type.end());
  checked.insert(checked.end(), body.begin(), body.end());
  png.insert(png.end(), checked.begin(), checked.end());
  Append32(png, static_cast<uint32_t>(crc32(0, checked.data(), static_cast<uInt>(checked.size()))));
}

std::vector<uint8_t> Png(uint32_t width, uint32_t height, int colour_type, int depth,
                         const std::vector<uint8_t>& compressed) {
  std::vector<uint8_t> png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  std::vector<uint8_t> header;
  Append32(header, width);
  Append32(header, height);
  header.push_back(static_cast<uint8_t>(depth));
  header.push_back(static_cast<uint8_t>(colour_type));
  for (int i = 0; i < 3; ++i) header.push_back(0);
  AppendChunk(png, "IHDR", header);
  if (colour_type == 3) AppendChunk(png, "PLTE", {0, 0, 0, 10, 20, 30, 200, 100, 50});
  AppendChunk(png, "IDAT", compressed);
  AppendChunk(png, "IEND", {});
  return png;
}

// Compresses `total` bytes: `row` again and again.
std::vector<uint8_t> Compress(const std::vector<uint8_t>& row, uint64_t times) {
  z_stream stream{};
  if (deflateInit(&stream, Z_BEST_COMPRESSION) != Z_OK) throw std::runtime_error("deflateInit");
  std::vector<uint8_t> result, buffer(1 << 16);
  for (uint64_t i = 0; i < times; ++i) {
    stream.next_in = const_cast<Bytef*>(row.data());
    stream.avail_in = static_cast<uInt>(row.size());
    do {
      stream.next_out = buffer.data();
      stream.avail_out = static_cast<uInt>(buffer.size());
      deflate(&stream, i + 1 == times ? Z_FINISH : Z_NO_FLUSH);
      result.insert(result.end(), buffer.data(), stream.next_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  return result;
}

uint32_t Channels(int colour_type) {
  return colour_type == 2 ? 3 : colour_type == 4 ? 2 : colour_type == 6 ? 4 : 1;
}

}  // namespace

Picture CornersPicture(int width, int height) {
  Picture picture = MakePicture(width, height, 0, 0, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool right = x >= width / 2, bottom = y >= height / 2;
      uint8_t* pixel = &picture.pixels[static_cast<size_t>(3 * (y * width + x))];
      pixel[0] = right == bottom ? 230 : 20;
      pixel[1] = right ? 230 : 20;
      pixel[2] = !right && bottom ? 230 : 20;
    }
  }
  return picture;
}

Picture NoisePicture(int width, int height, uint64_t seed) {
  Picture picture = MakePicture(width, height, 0, 0, 0);
  ToyRandom random(seed);
  for (uint8_t& level : picture.pixels) level = static_cast<uint8_t>(64 + random.Below(128));
  return picture;
}

std::vector<uint8_t> ZeroPng(uint32_t width, uint32_t height, int colour_type, int depth) {
  const uint64_t bits = uint64_t{width} * Channels(colour_type) * static_cast<uint32_t>(depth);
  return Png(width, height, colour_type, depth,
             Compress(std::vector<uint8_t>(1 + (bits + 7) / 8), height));
}

std::vector<uint8_t> RawPng(uint32_t width, uint32_t height, int colour_type, int depth,
                            const std::vector<uint8_t>& rows) {
  return Png(width, height, colour_type, depth, Compress(rows, 1));
}

std::vector<uint8_t> WithOrientation(const std::vector<uint8_t>& jpeg, int orientation) {
  const auto low = static_cast<uint8_t>(orientation);
  const std::vector<uint8_t> segment = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0,    0,    'M', 'M',
                                        0,    42,   0, 0,  0,   8,   0,   1,   0x01, 0x12, 0,   3,
                                        0,    0,    0, 1,  0,   low, 0,   0,   0,    0,    0,   0};
  std::vector<uint8_t> bytes = jpeg;
  bytes.insert(bytes.begin() + 2, segment.begin(), segment.end());
  return bytes;
}

double MeanDifference(const Picture& a, const Picture& b, int x, int y, int width, int height) {
  double sum = 0;
  for (int row = y; row < y + height; ++row) {
    for (int i = 3 * x; i < 3 * (x + width); ++i) {
      const auto at = static_cast<size_t>(row * a.width * 3 + i);
      sum += std::abs(a.pixels[at] - b.pixels[at]);
    }
  }
  return sum / (3.0 * width * height);
}

}  // namespace makeover
