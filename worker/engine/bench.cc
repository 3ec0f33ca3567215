#include "worker/engine/bench.h"

#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "worker/engine/batch.h"
#include "worker/engine/error.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {
namespace {

// A folder of its own, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = std::filesystem::temp_directory_path() / "mkengine-bench-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
      throw EngineError(ErrorClass::kStorage, "no_scratch",
                        "Cannot make a folder under " + name + ".",
                        "Set TMPDIR to a folder that can be written.");
    }
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string MakeNoiseCache(const std::string& folder, int64_t rows) {
  const std::string path = folder + "/noise.pixels";
  const PixelShape shape;
  PixelCacheWriter writer(path, shape, rows);
  for (int64_t row = 0; row < rows; ++row) {
    Random random(1, Stream::kNoise, static_cast<uint64_t>(row));
    std::vector<uint8_t> pixels(static_cast<size_t>(shape.bytes()));
    for (uint8_t& level : pixels) level = static_cast<uint8_t>(random.Below(256));
    writer.Put(row, pixels);
  }
  writer.Commit();
  return path;
}

// Images per second: the median over rounds, after one round to warm up. `work` handles `images`
// and ends when they are done.
double Measure(double duration_seconds, int64_t images, const std::function<double()>& seconds,
               const std::function<void()>& work) {
  constexpr size_t kRoundsMin = 5;
  std::vector<double> rates;
  work();
  const double end = seconds() + duration_seconds;
  while (rates.size() < kRoundsMin || seconds() < end) {
    const double begin = seconds();
    work();
    rates.push_back(static_cast<double>(images) / (seconds() - begin));
  }
  std::nth_element(rates.begin(), rates.begin() + static_cast<int64_t>(rates.size() / 2),
                   rates.end());
  return rates[rates.size() / 2];
}

}  // namespace

BenchResult Bench(const Config& config, const Compute& compute, double duration_seconds,
                  const std::function<double()>& seconds) {
  const ScratchFolder scratch;
  const PixelCache cache(MakeNoiseCache(scratch.path(), 2 * config.batch_size));
  TrainingRows rows;
  rows.source.resize(static_cast<size_t>(cache.rows()));
  std::iota(rows.source.begin(), rows.source.end(), 0);
  rows.target = rows.source;
  Trainer trainer(config, compute, cache, rows);
  Position position;
  BenchResult result;
  result.train_images_per_second = Measure(duration_seconds * 0.7, config.batch_size, seconds, [&] {
    const StepValues values = trainer.Step(position);
    ++position.step;
    static_cast<void>(values.generator.item<float>());  // waits for the device
  });
  Sampler faces(rows.source, 1, Stream::kSourceOrder, Stream::kSourceFlip);
  result.infer_images_per_second = Measure(duration_seconds * 0.3, config.batch_size, seconds, [&] {
    const torch::Tensor batch =
        MakeBatch(cache, faces.Next(config.batch_size, false), trainer.device());
    static_cast<void>(ToPixels(trainer.Result(batch)));
  });
  return result;
}

}  // namespace makeover::engine
