#include "worker/imaging/picture_header.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace makeover {
namespace {

// Bytes with an end: every read outside of them gives nothing.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes, bool big_endian = true)
      : bytes_(bytes), big_endian_(big_endian) {}

  size_t size() const { return bytes_.size(); }

  std::optional<uint32_t> Read(size_t offset, size_t count) const {
    if (offset > bytes_.size() || bytes_.size() - offset < count) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = big_endian_ ? offset + i : offset + count - 1 - i;
      value = (value << 8) | bytes_[at];
    }
    return value;
  }
  std::optional<uint32_t> U8(size_t offset) const { return Read(offset, 1); }
  std::optional<uint32_t> U16(size_t offset) const { return Read(offset, 2); }
  std::optional<uint32_t> U24(size_t offset) const { return Read(offset, 3); }
  std::optional<uint32_t> U32(size_t offset) const { return Read(offset, 4); }

  bool StartsWith(std::string_view text, size_t offset = 0) const {
    return offset <= bytes_.size() && bytes_.size() - offset >= text.size() &&
           std::memcmp(bytes_.data() + offset, text.data(), text.size()) == 0;
  }

  std::span<const uint8_t> Part(size_t offset, size_t count) const {
    if (offset >= bytes_.size()) return {};
    return bytes_.subspan(offset, std::min(count, bytes_.size() - offset));
  }

 private:
  std::span<const uint8_t> bytes_;
  bool big_endian_;
};

std::string CutOff(const char* format) {
  return std::string("the ") + format +
         " file is cut off before its end; copy it again from where it came";
}

std::string Damaged(const char* format) {
  return std::string("the header of the ") + format + " file is damaged";
}

// --- TIFF, which EXIF uses too
// -----------------------------------------------------------------------------------------

struct TiffTags {
  int64_t width = 0;
  int64_t height = 0;
  int orientation = 1;
};

std::optional<uint32_t> TiffValue(const Reader& reader, size_t entry) {
  const std::optional<uint32_t> type = reader.U16(entry + 2);
  if (!type) return std::nullopt;
  if (*type == 3) return reader.U16(entry + 8);
  if (*type == 4) return reader.U32(entry + 8);
  return std::nullopt;
}

// The first directory's tags 256 (width), 257 (height) and 274 (orientation).
bool ReadTiffTags(std::span<const uint8_t> bytes, TiffTags* tags) {
  const bool big_endian = Reader(bytes).StartsWith(std::string_view("MM\0*", 4));
  if (!big_endian && !Reader(bytes).StartsWith(std::string_view("II*\0", 4))) return false;
  const Reader reader(bytes, big_endian);
  const std::optional<uint32_t> directory = reader.U32(4);
  if (!directory) return false;
  const std::optional<uint32_t> entries = reader.U16(*directory);
  if (!entries) return false;
  for (uint32_t i = 0; i < *entries; ++i) {
    const size_t entry = size_t{*directory} + 2 + size_t{i} * 12;
    const std::optional<uint32_t> tag = reader.U16(entry);
    if (!tag) return false;
    const std::optional<uint32_t> value = TiffValue(reader, entry);
    if (!value) continue;
    if (*tag == 256) tags->width = *value;
    if (*tag == 257) tags->height = *value;
    if (*tag == 274 && *value >= 1 && *value <= 8) tags->orientation = static_cast<int>(*value);
  }
  return true;
}

int ExifOrientation(std::span<const uint8_t> tiff) {
  TiffTags tags;
  ReadTiffTags(tiff, &tags);
  return tags.orientation;
}

std::string ReadTiff(std::span<const uint8_t> bytes, PictureHeader* header) {
  TiffTags tags;
  if (!ReadTiffTags(bytes, &tags)) return CutOff("TIFF");
  header->width = tags.width;
  header->height = tags.height;
  return "";
}

// --- JPEG
// --------------------------------------------------------------------------------------------------------------

bool IsStartOfFrame(uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// Markers that stand alone, without a length: TEM, RST0 to RST7.
bool StandsAlone(uint32_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7); }

// The place of the next marker's code at or after `offset`: skips entropy-coded data, stuffed
// zeros, restarts and fill bytes.
size_t NextMarker(const Reader& reader, size_t offset) {
  for (; offset + 1 < reader.size(); ++offset) {
    if (*reader.U8(offset) != 0xFF) continue;
    const uint32_t code = *reader.U8(offset + 1);
    if (code != 0x00 && code != 0xFF && !StandsAlone(code)) return offset + 1;
  }
  return reader.size();
}

void ReadJpegSegment(const Reader& reader, uint32_t marker, size_t body, size_t length,
                     PictureHeader* header) {
  if (IsStartOfFrame(marker) && header->width == 0) {
    header->height = reader.U16(body + 1).value_or(0);
    header->width = reader.U16(body + 3).value_or(0);
  }
  if (marker == 0xE1 && reader.StartsWith(std::string_view("Exif\0\0", 6), body) && length > 6) {
    header->orientation = ExifOrientation(reader.Part(body + 6, length - 6));
  }
}

// libjpeg fills what a cut-off file lacks with gray and only warns; so the walk goes on to the EOI
// marker.
std::string ReadJpeg(std::span<const uint8_t> bytes, PictureHeader* header) {
  const Reader reader(bytes);
  bool scan_seen = false;
  size_t at = 2;
  while (true) {
    at = NextMarker(reader, at);
    const std::optional<uint32_t> marker = reader.U8(at);
    if (!marker) return CutOff("JPEG");
    if (*marker == 0xD9) break;
    const std::optional<uint32_t> length = reader.U16(at + 1);
    if (!length || at + 1 + *length > reader.size()) return CutOff("JPEG");
    if (*length < 2) return Damaged("JPEG");
    ReadJpegSegment(reader, *marker, at + 3, *length - 2, header);
    scan_seen = scan_seen || *marker == 0xDA;
    at += 1 + *length;
  }
  return scan_seen ? "" : "the JPEG file ends before its picture begins";
}

// --- PNG, WebP, BMP
// ----------------------------------------------------------------------------------------------------

std::string ReadPng(std::span<const uint8_t> bytes, PictureHeader* header) {
  const Reader reader(bytes);
  size_t at = 8;
  while (true) {
    const std::optional<uint32_t> length = reader.U32(at);
    if (!length || reader.size() - at < size_t{12} + *length) return CutOff("PNG");
    if (at == 8 && (!reader.StartsWith("IHDR", 12) || *length != 13)) return Damaged("PNG");
    if (at == 8) {
      header->width = reader.U32(16).value_or(0);
      header->height = reader.U32(20).value_or(0);
    }
    if (reader.StartsWith("eXIf", at + 4)) {
      header->orientation = ExifOrientation(reader.Part(at + 8, *length));
    }
    if (reader.StartsWith("IEND", at + 4)) return "";
    at += size_t{12} + *length;
  }
}

void ReadWebpChunk(const Reader& reader, size_t at, size_t length, PictureHeader* header) {
  const size_t body = at + 8;
  if (reader.StartsWith("EXIF", at)) {
    const size_t skip = reader.StartsWith(std::string_view("Exif\0\0", 6), body) ? 6 : 0;
    header->orientation =
        ExifOrientation(reader.Part(body + skip, length - std::min(skip, length)));
  }
  if (header->width != 0) return;
  if (reader.StartsWith("VP8X", at)) {
    header->width = int64_t{reader.U24(body + 4).value_or(0)} + 1;
    header->height = int64_t{reader.U24(body + 7).value_or(0)} + 1;
  } else if (reader.StartsWith("VP8L", at)) {
    const uint32_t bits = reader.U32(body + 1).value_or(0);
    header->width = (bits & 0x3FFF) + 1;
    header->height = ((bits >> 14) & 0x3FFF) + 1;
  } else if (reader.StartsWith("VP8 ", at)) {
    header->width = reader.U16(body + 6).value_or(0) & 0x3FFF;
    header->height = reader.U16(body + 8).value_or(0) & 0x3FFF;
  }
}

std::string ReadWebp(std::span<const uint8_t> bytes, PictureHeader* header) {
  const Reader reader(bytes, /*big_endian=*/false);
  const size_t riff_size = reader.U32(4).value_or(0);
  if (reader.size() < riff_size + 8) return CutOff("WebP");
  for (size_t at = 12; at + 8 <= reader.size();) {
    const size_t length = *reader.U32(at + 4);
    if (reader.size() - at - 8 < length) return CutOff("WebP");
    ReadWebpChunk(reader, at, length, header);
    at += 8 + length + (length & 1);
  }
  return "";
}

std::string ReadBmp(std::span<const uint8_t> bytes, PictureHeader* header) {
  const Reader reader(bytes, /*big_endian=*/false);
  const std::optional<uint32_t> info_size = reader.U32(14);
  if (!info_size) return CutOff("BMP");
  const bool core = *info_size == 12;
  const std::optional<uint32_t> width = core ? reader.U16(18) : reader.U32(18);
  const std::optional<uint32_t> height = core ? reader.U16(20) : reader.U32(22);
  if (!width || !height) return CutOff("BMP");
  // A negative height means that the rows run from the top.
  const int64_t rows = core ? int64_t{*height} : int64_t{static_cast<int32_t>(*height)};
  header->width = core ? int64_t{*width} : int64_t{static_cast<int32_t>(*width)};
  header->height = rows < 0 ? -rows : rows;
  return "";
}

// --- What is no picture
// ------------------------------------------------------------------------------------------------

bool LooksLikeText(std::span<const uint8_t> bytes) {
  const std::span<const uint8_t> start = bytes.first(std::min<size_t>(bytes.size(), 512));
  return std::none_of(start.begin(), start.end(), [](uint8_t byte) {
    return (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t' && byte != '\f') ||
           byte == 0x7F;
  });
}

bool LooksLikeHtml(std::span<const uint8_t> bytes) {
  std::string start;
  for (const uint8_t byte : bytes.first(std::min<size_t>(bytes.size(), 512))) {
    start.push_back(static_cast<char>(std::tolower(byte)));
  }
  const size_t first = start.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string::npos || start[first] != '<') return false;
  return start.find("<html") != std::string::npos || start.find("<!doctype") != std::string::npos ||
         start.find("<head") != std::string::npos;
}

std::string WhyUnknown(std::span<const uint8_t> bytes) {
  if (LooksLikeHtml(bytes)) {
    return "it is not a picture: it begins like an HTML page, as failed downloads do";
  }
  if (LooksLikeText(bytes)) return "it is not a picture: it begins like a text";
  return "it is not a picture that can be read here: its first bytes are not those of JPEG, PNG, "
         "WebP, BMP or TIFF";
}

std::string ReadByFormat(std::span<const uint8_t> bytes, PictureHeader* header) {
  switch (header->format) {
    case PictureFormat::kJpeg:
      return ReadJpeg(bytes, header);
    case PictureFormat::kPng:
      return ReadPng(bytes, header);
    case PictureFormat::kWebp:
      return ReadWebp(bytes, header);
    case PictureFormat::kBmp:
      return ReadBmp(bytes, header);
    case PictureFormat::kTiff:
      return ReadTiff(bytes, header);
    case PictureFormat::kUnknown:
      break;
  }
  return WhyUnknown(bytes);
}

}  // namespace

const char* FormatName(PictureFormat format) {
  switch (format) {
    case PictureFormat::kJpeg:
      return "JPEG";
    case PictureFormat::kPng:
      return "PNG";
    case PictureFormat::kWebp:
      return "WebP";
    case PictureFormat::kBmp:
      return "BMP";
    case PictureFormat::kTiff:
      return "TIFF";
    case PictureFormat::kUnknown:
      break;
  }
  return "unknown";
}

PictureFormat SniffFormat(std::span<const uint8_t> bytes) {
  const Reader reader(bytes);
  if (reader.StartsWith("\xFF\xD8\xFF")) return PictureFormat::kJpeg;
  if (reader.StartsWith("\x89PNG\r\n\x1A\n")) return PictureFormat::kPng;
  if (reader.StartsWith("RIFF") && reader.StartsWith("WEBP", 8)) return PictureFormat::kWebp;
  if (reader.StartsWith(std::string_view("II*\0", 4)) ||
      reader.StartsWith(std::string_view("MM\0*", 4))) {
    return PictureFormat::kTiff;
  }
  // "BM" alone also begins many a text; the header's own size follows at 14.
  const uint32_t info_size = Reader(bytes, false).U32(14).value_or(0);
  if (reader.StartsWith("BM") && info_size >= 12 && info_size <= 256) return PictureFormat::kBmp;
  return PictureFormat::kUnknown;
}

PictureFormat FormatOfName(const std::string& file_name) {
  const size_t dot = file_name.find_last_of("./");
  if (dot == std::string::npos || file_name[dot] != '.') return PictureFormat::kUnknown;
  std::string extension = file_name.substr(dot + 1);
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (extension == "jpg" || extension == "jpeg" || extension == "jpe") return PictureFormat::kJpeg;
  if (extension == "png") return PictureFormat::kPng;
  if (extension == "webp") return PictureFormat::kWebp;
  if (extension == "bmp") return PictureFormat::kBmp;
  if (extension == "tif" || extension == "tiff") return PictureFormat::kTiff;
  return PictureFormat::kUnknown;
}

std::string ReadPictureHeader(std::span<const uint8_t> bytes, PictureHeader* header) {
  *header = {};
  if (bytes.empty()) return "the file is empty";
  header->format = SniffFormat(bytes);
  std::string problem = ReadByFormat(bytes, header);
  if (!problem.empty()) return problem;
  if (header->width <= 0 || header->height <= 0) return Damaged(FormatName(header->format));
  return "";
}

}  // namespace makeover
