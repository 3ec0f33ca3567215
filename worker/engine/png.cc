#include "worker/engine/png.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace makeover::engine {
namespace {

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::array<uint32_t, 256> CrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}

uint32_t Crc(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = CrcTable();
  uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<uint8_t>(byte)) & 255] ^ (crc >> 8);
  return ~crc;
}

uint32_t Adler(std::string_view bytes) {
  uint32_t a = 1;
  uint32_t b = 0;
  for (const char byte : bytes) {
    a = (a + static_cast<uint8_t>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

void AppendChunk(const std::string& type, const std::string& data, std::string* out) {
  *out += BigEndian(static_cast<uint32_t>(data.size()));
  *out += type + data;
  *out += BigEndian(Crc(type + data));
}

std::string Deflate(std::string_view bytes) {
  std::string out = "\x78\x01";
  const std::string adler = BigEndian(Adler(bytes));
  while (!bytes.empty()) {
    const size_t size = std::min<size_t>(bytes.size(), 65535);
    out += static_cast<char>(size == bytes.size() ? 1 : 0);
    for (const size_t word : {size, ~size}) {
      out += static_cast<char>(word & 255);
      out += static_cast<char>(word >> 8 & 255);
    }
    out += bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  return out + adler;
}

}  // namespace

std::string EncodeStoredPng(int width, int height, const std::vector<uint8_t>& rgb) {
  const size_t line = static_cast<size_t>(width) * 3;
  std::string lines;
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    lines += '\0';  // filter: none
    lines.append(reinterpret_cast<const char*>(rgb.data()) + y * line, line);
  }
  std::string out = "\x89PNG\r\n\x1a\n";
  const std::string rgb8 = {8, 2, 0, 0, 0};
  AppendChunk(
      "IHDR",
      BigEndian(static_cast<uint32_t>(width)) + BigEndian(static_cast<uint32_t>(height)) + rgb8,
      &out);
  AppendChunk("IDAT", Deflate(lines), &out);
  AppendChunk("IEND", "", &out);
  return out;
}

}  // namespace makeover::engine
