#include "worker/imaging/codec.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "worker/imaging/atomic_file.h"

namespace makeover {
namespace {

constexpr int kJpegQuality = 95;
constexpr size_t kFileBytesMax = 1 << 30;
constexpr char kTooLong[] =
    "the file is longer than 1 GiB; no picture that is read here is so long";

std::string Megapixels(int64_t pixels) {
  return std::to_string((pixels + 999'999) / 1'000'000) + " megapixels";
}

void CheckSize(const PictureHeader& header, const DecodeLimits& limits) {
  // Sizes are below 2^32 each, so the product may pass 2^63: divide instead.
  if (header.width <= limits.pixels_max / header.height) return;
  const std::string size =
      std::to_string(header.width) + " x " + std::to_string(header.height) + " pixels";
  throw PictureError("the picture is too big: " + size + ", and at most " +
                     Megapixels(limits.pixels_max) + " are read; scale it down first");
}

// JPEG goes through COLOR, which knows CMYK; the others through UNCHANGED, which keeps alpha.
// Neither turns the picture here.
int ReadFlags(PictureFormat format) {
  return format == PictureFormat::kJpeg ? cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION
                                        : cv::IMREAD_UNCHANGED;
}

cv::Mat DecodeRaw(std::span<const uint8_t> bytes, const PictureHeader& header) {
  const std::string format = FormatName(header.format);
  cv::Mat raw;
  try {
    // imdecode wants a Mat; it only reads from it.
    const cv::Mat input(1, static_cast<int>(bytes.size()), CV_8U,
                        const_cast<uint8_t*>(bytes.data()));
    raw = cv::imdecode(input, ReadFlags(header.format));
  } catch (const cv::Exception& error) {
    throw PictureError("the " + format + " file cannot be decoded: " + error.err);
  }
  if (raw.empty()) throw PictureError("the " + format + " file is damaged or cut off");
  return raw;
}

// To 8 bits: 16-bit values by their high part, floats are taken as 0 to 1.
cv::Mat ToBytes(const cv::Mat& raw) {
  cv::Mat bytes;
  if (raw.depth() == CV_8U) return raw;
  if (raw.depth() == CV_16U) {
    raw.convertTo(bytes, CV_8U, 1.0 / 257.0);
  } else if (raw.depth() == CV_32F || raw.depth() == CV_64F) {
    raw.convertTo(bytes, CV_8U, 255.0);
  } else {
    throw PictureError("the picture has samples of a kind that is not read here");
  }
  return bytes;
}

// OpenCV's order is B, G, R.
cv::Mat ToRgb(const cv::Mat& bytes) {
  cv::Mat rgb;
  switch (bytes.channels()) {
    case 1:
      cv::cvtColor(bytes, rgb, cv::COLOR_GRAY2RGB);
      break;
    case 2: {
      cv::Mat gray;
      cv::extractChannel(bytes, gray, 0);
      cv::cvtColor(gray, rgb, cv::COLOR_GRAY2RGB);
      break;
    }
    case 3:
      cv::cvtColor(bytes, rgb, cv::COLOR_BGR2RGB);
      break;
    case 4:
      cv::cvtColor(bytes, rgb, cv::COLOR_BGRA2RGB);
      break;
    default:
      throw PictureError("the picture has more than four channels");
  }
  return rgb;
}

cv::Mat AlphaOf(const cv::Mat& bytes) {
  cv::Mat alpha;
  const int channels = bytes.channels();
  if (channels == 2 || channels == 4) cv::extractChannel(bytes, alpha, channels - 1);
  return alpha;
}

// EXIF 2.3, tag 274: what to do so that row 0 is the visual top and column 0 the visual left.
void Turn(cv::Mat& mat, int orientation) {
  if (mat.empty()) return;
  if (orientation >= 5) cv::transpose(mat, mat);
  switch (orientation) {
    case 2:
    case 6:
      cv::flip(mat, mat, 1);
      break;
    case 3:
    case 7:
      cv::flip(mat, mat, -1);
      break;
    case 4:
    case 8:
      cv::flip(mat, mat, 0);
      break;
    default:
      break;
  }
}

std::vector<uint8_t> Bytes(const cv::Mat& mat) {
  if (mat.empty()) return {};
  const cv::Mat whole = mat.isContinuous() ? mat : mat.clone();
  return {whole.datastart, whole.datastart + whole.total() * whole.elemSize()};
}

// B, G, R and, where the picture and the format have it, A.
cv::Mat ToMat(const Picture& picture, bool with_alpha) {
  const cv::Mat rgb(picture.height, picture.width, CV_8UC3,
                    const_cast<uint8_t*>(picture.pixels.data()));
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  if (!with_alpha || picture.alpha.empty()) return bgr;
  const cv::Mat alpha(picture.height, picture.width, CV_8UC1,
                      const_cast<uint8_t*>(picture.alpha.data()));
  cv::Mat both;
  cv::merge(std::vector<cv::Mat>{bgr, alpha}, both);
  return both;
}

const char* Extension(PictureFormat format) {
  switch (format) {
    case PictureFormat::kJpeg:
      return ".jpg";
    case PictureFormat::kPng:
      return ".png";
    case PictureFormat::kWebp:
      return ".webp";
    case PictureFormat::kBmp:
      return ".bmp";
    case PictureFormat::kTiff:
      return ".tiff";
    case PictureFormat::kUnknown:
      break;
  }
  throw PictureError(
      "the extension names no format that can be written: use jpg, png, webp, bmp or tiff");
}

std::vector<int> WriteOptions(PictureFormat format) {
  if (format == PictureFormat::kJpeg) return {cv::IMWRITE_JPEG_QUALITY, kJpegQuality};
  // Over 100 means lossless.
  if (format == PictureFormat::kWebp) return {cv::IMWRITE_WEBP_QUALITY, 101};
  return {};
}

std::vector<uint8_t> ReadBytes(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (!file) throw PictureError("the file cannot be opened: " + std::string(strerror(errno)));
  std::vector<uint8_t> bytes;
  uint8_t buffer[1 << 16];
  while (const size_t count = std::fread(buffer, 1, sizeof(buffer), file.get())) {
    bytes.insert(bytes.end(), buffer, buffer + count);
    if (bytes.size() > kFileBytesMax) throw PictureError(kTooLong);
  }
  if (std::ferror(file.get()) != 0) {
    throw PictureError("the file cannot be read: " + std::string(strerror(errno)));
  }
  return bytes;
}

}  // namespace

Picture DecodePicture(std::span<const uint8_t> bytes, const DecodeLimits& limits) {
  if (bytes.size() > kFileBytesMax) throw PictureError(kTooLong);
  PictureHeader header;
  const std::string problem = ReadPictureHeader(bytes, &header);
  if (!problem.empty()) throw PictureError(problem);
  CheckSize(header, limits);
  const cv::Mat raw = ToBytes(DecodeRaw(bytes, header));
  cv::Mat rgb = ToRgb(raw);
  cv::Mat alpha = AlphaOf(raw);
  Turn(rgb, header.orientation);
  Turn(alpha, header.orientation);
  return {rgb.cols, rgb.rows, Bytes(rgb), Bytes(alpha)};
}

std::vector<uint8_t> EncodePicture(const Picture& picture, PictureFormat format) {
  const std::string extension = Extension(format);
  if (picture.empty()) throw PictureError("an empty picture cannot be written");
  std::vector<uint8_t> bytes;
  const bool with_alpha = format != PictureFormat::kJpeg && format != PictureFormat::kBmp;
  try {
    if (cv::imencode(extension, ToMat(picture, with_alpha), bytes, WriteOptions(format))) {
      return bytes;
    }
  } catch (const cv::Exception& error) {
    throw PictureError("the picture cannot be encoded as " + std::string(FormatName(format)) +
                       ": " + error.err);
  }
  throw PictureError("the picture cannot be encoded as " + std::string(FormatName(format)));
}

Picture ReadPicture(const std::string& path, const DecodeLimits& limits) {
  return DecodePicture(ReadBytes(path), limits);
}

void WritePicture(const std::string& path, const Picture& picture) {
  const std::vector<uint8_t> bytes = EncodePicture(picture, FormatOfName(path));
  const std::string problem = WriteFileAtomically(path, bytes);
  if (!problem.empty()) throw PictureError(problem);
}

}  // namespace makeover
