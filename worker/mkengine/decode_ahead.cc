#include "worker/mkengine/decode_ahead.h"

#include <span>
#include <utility>

#include "worker/imaging/codec.h"
#include "worker/mkengine/guarded.h"

namespace makeover {
namespace {

// Of all pictures between reading and writing.
constexpr int64_t kPicturesBytesMax = int64_t{1} << 30;

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// What a picture takes until it is written: its file, and its pixels twice, since OpenCV has them
// once more while it decodes and encodes. A picture that will be refused has no pixels.
int64_t MemoryOf(const std::string& file) {
  constexpr int64_t kBytesOfPixel = 2 * 3;
  const auto size = static_cast<int64_t>(file.size());
  PictureHeader header;
  if (!ReadPictureHeader(BytesOf(file), &header).empty()) return size;
  if (header.width > DecodeLimits().pixels_max / header.height) return size;
  return size + header.width * header.height * kBytesOfPixel;
}

}  // namespace

struct DecodeAhead::Loaded {
  Decoded decoded;
  std::string file;
};

DecodeAhead::DecodeAhead(const ConvertInput& input, const ConvertOptions& options, Pool* pool)
    : input_(input), options_(options), pool_(pool), reader_([this] { Run(); }) {}

DecodeAhead::~DecodeAhead() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  reader_.join();
  for (auto& one : decoding_) one.wait();
}

void DecodeAhead::Allow(size_t pictures) {
  const std::lock_guard lock(mutex_);
  allowed_ = pictures;
  changed_.notify_all();
}

std::optional<Decoded> DecodeAhead::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    const bool no_room = waiting_.has_value() && !Fits(*waiting_);
    return !decoding_.empty() || at_end_ || no_room;
  });
  if (decoding_.empty()) return std::nullopt;
  std::future<Decoded> next = std::move(decoding_.front());
  decoding_.pop_front();
  changed_.notify_all();
  lock.unlock();
  return next.get();
}

void DecodeAhead::GiveBack(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  taken_ -= bytes;
  changed_.notify_all();
}

bool DecodeAhead::Fits(int64_t bytes) const {
  return taken_ == 0 || taken_ + bytes <= kPicturesBytesMax;
}

DecodeAhead::Loaded DecodeAhead::Load(int64_t index) const {
  Loaded loaded;
  loaded.decoded.outcome.index = index;
  Guarded(options_.seconds, &loaded.decoded.outcome, [&] {
    loaded.file = input_.read(index);
    loaded.decoded.bytes = MemoryOf(loaded.file);
  });
  return loaded;
}

Decoded DecodeAhead::Decode(Loaded loaded) const {
  Decoded& decoded = loaded.decoded;
  if (!decoded.outcome.reason.empty()) return std::move(decoded);
  Guarded(options_.seconds, &decoded.outcome, [&] {
    const std::span<const uint8_t> bytes = BytesOf(loaded.file);
    // The extension is kept, so it says what to write; a file without one keeps what it is.
    decoded.format = FormatOfName(input_.name(decoded.outcome.index));
    if (decoded.format == PictureFormat::kUnknown) decoded.format = SniffFormat(bytes);
    decoded.picture = DecodePicture(bytes);
    decoded.face = CropWindow(decoded.picture, options_.geometry);
    decoded.outcome.faces = 1;
  });
  if (!decoded.outcome.reason.empty()) decoded.face.clear();
  return std::move(decoded);
}

void DecodeAhead::Run() {
  for (int64_t index = 0; index < input_.count; ++index) {
    Loaded loaded = Load(index);
    std::unique_lock lock(mutex_);
    waiting_ = loaded.decoded.bytes;
    changed_.notify_all();
    changed_.wait(lock,
                  [this] { return closed_ || (decoding_.size() < allowed_ && Fits(*waiting_)); });
    if (closed_) return;
    taken_ += *std::exchange(waiting_, std::nullopt);
    decoding_.push_back(pool_->Submit(
        [this, loaded = std::move(loaded)]() mutable { return Decode(std::move(loaded)); }));
    changed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  at_end_ = true;
  changed_.notify_all();
}

}  // namespace makeover
