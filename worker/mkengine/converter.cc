#include "worker/mkengine/converter.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <future>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "worker/engine/pixel_cache.h"
#include "worker/imaging/codec.h"

namespace makeover {
namespace {

struct Decoded {
  Converted outcome;
  PictureFormat format = PictureFormat::kUnknown;
  Picture picture;
  std::vector<uint8_t> face;  // empty where it failed
};

// Runs the work, whose exception becomes the picture's reason, and adds its time.
template <typename Work>
void Guarded(const ConvertOptions& options, Converted* outcome, Work work) {
  const double begin = options.seconds();
  try {
    work();
  } catch (const std::bad_alloc&) {
    outcome->reason = "it needs more memory than there is";
  } catch (const std::exception& error) {
    outcome->reason = error.what();
  }
  outcome->seconds += options.seconds() - begin;
}

Decoded Decode(const ConvertInput& input, const ConvertOptions& options, int64_t index) {
  Decoded decoded;
  decoded.outcome.index = index;
  Guarded(options, &decoded.outcome, [&] {
    const std::string text = input.read(index);
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()),
                                         text.size());
    // The extension is kept, so it says what to write; a file without one keeps what it is.
    decoded.format = FormatOfName(input.name(index));
    if (decoded.format == PictureFormat::kUnknown) decoded.format = SniffFormat(bytes);
    decoded.picture = DecodePicture(bytes);
    decoded.face = CropWindow(decoded.picture, options.geometry);
    decoded.outcome.faces = 1;
  });
  if (!decoded.outcome.reason.empty()) decoded.face.clear();
  return decoded;
}

Converted Encode(Decoded decoded, const std::vector<float>& levels, const ConvertOptions& options) {
  Guarded(options, &decoded.outcome, [&] {
    PasteWindow(decoded.picture, decoded.face, std::span<const float>(levels), options.strength,
                options.geometry);
    const std::vector<uint8_t> bytes = EncodePicture(decoded.picture, decoded.format);
    decoded.outcome.bytes.assign(bytes.begin(), bytes.end());
  });
  return std::move(decoded.outcome);
}

// Three stages: decoding runs a few batches ahead of the network, encoding a few behind.
class Pipeline {
 public:
  Pipeline(const ConvertInput& input, const ConvertOptions& options, engine::FaceNetwork* network,
           Pool* pool, const std::function<void(Converted)>& finished)
      : input_(input), options_(options), network_(network), pool_(pool), finished_(finished) {}

  // Tasks in the pool refer to this object's inputs.
  ~Pipeline() {
    for (auto& waiting : decoding_) waiting.wait();
    for (auto& waiting : encoding_) waiting.wait();
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void Run() {
    while (!options_.stop()) {
      const auto ahead = static_cast<size_t>(network_->batch_size()) * 3;
      while (next_ < input_.count && decoding_.size() < ahead) DecodeNext();
      if (decoding_.empty()) break;
      ConvertBatch();
      FinishUntil(ahead);
    }
    FinishUntil(0);
  }

 private:
  void DecodeNext() {
    decoding_.push_back(
        pool_->Submit([this, index = next_] { return Decode(input_, options_, index); }));
    ++next_;
  }

  void ConvertBatch() {
    std::vector<Decoded> batch;
    std::vector<const uint8_t*> faces;
    while (!decoding_.empty() && faces.size() < static_cast<size_t>(network_->batch_size())) {
      batch.push_back(decoding_.front().get());
      decoding_.pop_front();
      if (!batch.back().face.empty()) faces.push_back(batch.back().face.data());
    }
    const double begin = options_.seconds();
    std::vector<std::vector<float>> levels;
    const engine::PixelShape shape = {options_.geometry.height, options_.geometry.width};
    if (!faces.empty()) levels = network_->Convert(faces, shape);
    const double share =
        (options_.seconds() - begin) / static_cast<double>(std::max<size_t>(1, faces.size()));
    size_t face = 0;
    for (Decoded& decoded : batch) {
      if (decoded.face.empty()) {
        std::promise<Converted> failed;
        failed.set_value(std::move(decoded.outcome));
        encoding_.push_back(failed.get_future());
        continue;
      }
      decoded.outcome.seconds += share;
      auto work = [this, decoded = std::move(decoded),
                   levels = std::move(levels[face++])]() mutable {
        return Encode(std::move(decoded), levels, options_);
      };
      encoding_.push_back(pool_->Submit(std::move(work)));
    }
  }

  void FinishUntil(size_t left) {
    while (encoding_.size() > left) {
      Converted converted = encoding_.front().get();
      encoding_.pop_front();
      finished_(std::move(converted));
    }
  }

  const ConvertInput& input_;
  const ConvertOptions& options_;
  engine::FaceNetwork* network_;
  Pool* pool_;
  const std::function<void(Converted)>& finished_;
  int64_t next_ = 0;
  std::deque<std::future<Decoded>> decoding_;
  std::deque<std::future<Converted>> encoding_;
};

}  // namespace

void ConvertPictures(const ConvertInput& input, const ConvertOptions& options,
                     engine::FaceNetwork* network, Pool* pool,
                     const std::function<void(Converted)>& finished) {
  Pipeline(input, options, network, pool, finished).Run();
}

}  // namespace makeover
