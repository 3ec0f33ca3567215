#include "worker/mkengine/converter.h"

#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "worker/engine/pixel_cache.h"
#include "worker/imaging/codec.h"
#include "worker/mkengine/decode_ahead.h"
#include "worker/mkengine/guarded.h"

namespace makeover {
namespace {

Converted Encode(Decoded decoded, const std::vector<float>& levels, const ConvertOptions& options) {
  Guarded(options.seconds, &decoded.outcome, [&] {
    PasteWindow(decoded.picture, decoded.face, std::span<const float>(levels), options.strength,
                options.geometry);
    const std::vector<uint8_t> bytes = EncodePicture(decoded.picture, decoded.format);
    decoded.outcome.bytes.assign(bytes.begin(), bytes.end());
  });
  return std::move(decoded.outcome);
}

// Three stages: decoding runs a few batches ahead of the network, encoding a few behind, as far as
// there is memory for their pictures.
class Pipeline {
 public:
  Pipeline(const ConvertInput& input, const ConvertOptions& options, engine::FaceNetwork* network,
           Pool* pool, const std::function<void(Converted)>& finished)
      : options_(options),
        network_(network),
        pool_(pool),
        finished_(finished),
        decoding_(input, options, pool) {}

  // Tasks in the pool refer to the options.
  ~Pipeline() {
    for (auto& waiting : encoding_) waiting.converted.wait();
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void Run() {
    while (!options_.stop()) {
      const auto size = static_cast<size_t>(network_->batch_size());
      decoding_.Allow(3 * size);
      std::vector<Decoded> batch = TakeBatch(size);
      if (batch.empty() && encoding_.empty()) break;
      // Where there is no room for the next picture, the older half makes some.
      const size_t left = batch.empty() ? encoding_.size() / 2 : 3 * size;
      if (!batch.empty()) ConvertBatch(std::move(batch));
      FinishUntil(left);
    }
    FinishUntil(0);
  }

 private:
  struct Encoding {
    std::future<Converted> converted;
    int64_t bytes;  // of memory
  };

  // Fewer at the end, and where more have no room. Those that failed do not count.
  std::vector<Decoded> TakeBatch(size_t size) {
    std::vector<Decoded> batch;
    size_t faces = 0;
    while (faces < size) {
      std::optional<Decoded> next = decoding_.Next();
      if (!next.has_value()) break;
      if (!next->face.empty()) ++faces;
      batch.push_back(*std::move(next));
    }
    return batch;
  }

  void ConvertBatch(std::vector<Decoded> batch) {
    std::vector<const uint8_t*> faces;
    for (const Decoded& decoded : batch) {
      if (!decoded.face.empty()) faces.push_back(decoded.face.data());
    }
    const double begin = options_.seconds();
    std::vector<std::vector<float>> levels;
    const engine::PixelShape shape = {options_.geometry.height, options_.geometry.width};
    if (!faces.empty()) levels = network_->Convert(faces, shape);
    const double share =
        (options_.seconds() - begin) / static_cast<double>(std::max<size_t>(1, faces.size()));
    size_t face = 0;
    for (Decoded& decoded : batch) {
      const int64_t bytes = decoded.bytes;
      if (decoded.face.empty()) {
        std::promise<Converted> failed;
        failed.set_value(std::move(decoded.outcome));
        encoding_.push_back({failed.get_future(), bytes});
        continue;
      }
      decoded.outcome.seconds += share;
      auto work = [this, decoded = std::move(decoded),
                   levels = std::move(levels[face++])]() mutable {
        return Encode(std::move(decoded), levels, options_);
      };
      encoding_.push_back({pool_->Submit(std::move(work)), bytes});
    }
  }

  void FinishUntil(size_t left) {
    while (encoding_.size() > left) {
      Encoding first = std::move(encoding_.front());
      encoding_.pop_front();
      finished_(first.converted.get());
      decoding_.GiveBack(first.bytes);
    }
  }

  const ConvertOptions& options_;
  engine::FaceNetwork* network_;
  Pool* pool_;
  const std::function<void(Converted)>& finished_;
  DecodeAhead decoding_;
  std::deque<Encoding> encoding_;
};

}  // namespace

void ConvertPictures(const ConvertInput& input, const ConvertOptions& options,
                     engine::FaceNetwork* network, Pool* pool,
                     const std::function<void(Converted)>& finished) {
  Pipeline(input, options, network, pool, finished).Run();
}

}  // namespace makeover
