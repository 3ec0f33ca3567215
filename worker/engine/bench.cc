#include "worker/engine/bench.h"

#include <sys/resource.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "worker/engine/batch.h"
#include "worker/engine/error.h"
#include "worker/engine/face_network.h"
#include "worker/engine/replay.h"
#include "worker/engine/send.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {
namespace {

// A folder of its own for one file, both removed at the end.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name)
      : folder_(std::filesystem::temp_directory_path() / "mkengine-bench-XXXXXX") {
    if (mkdtemp(folder_.data()) == nullptr) {
      throw EngineError(ErrorClass::kStorage, "no_scratch",
                        "Cannot make a folder under " + folder_ + ".",
                        "Set TMPDIR to a folder that can be written.");
    }
    path_ = folder_ + "/" + name;
  }
  ~ScratchFile() {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
};

void MakeNoiseCache(const std::string& path, PixelShape shape, int64_t rows) {
  PixelCacheWriter writer(path, shape, rows);
  for (int64_t row = 0; row < rows; ++row) {
    Random random(1, Stream::kNoise, static_cast<uint64_t>(row));
    std::vector<uint8_t> pixels(static_cast<size_t>(shape.bytes()));
    for (uint8_t& level : pixels) level = static_cast<uint8_t>(random.Below(256));
    writer.Put(row, pixels);
  }
  writer.Commit();
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

// The most that the process ever held.
int64_t PeakMemoryBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

// What is measured, on one cache.
class Bencher {
 public:
  Bencher(const Config& config, const Compute& compute, const PixelCache& cache,
          const std::function<double()>& seconds)
      : config_(config), cache_(cache), seconds_(seconds), rows_(AllRows(cache)) {
    trainer_ = std::make_unique<Trainer>(config, compute, cache, rows_);
  }

  double Input(double duration_seconds) {
    Sampler faces(rows_.source, 1, Stream::kSourceOrder, Stream::kSourceFlip);
    return Measure(duration_seconds, config_.batch_size, seconds_,
                   [&] { MakeBatch(cache_, faces.Next(config_.batch_size, true), torch::kCPU); });
  }

  // Each round takes some steps of each third of a run: an attribute reader learns in the first.
  double Train(double duration_seconds) {
    // A GPU is waited for at the end of a round alone, as seldom as a training does.
    const bool gpu = trainer_->device().is_cuda();
    const int64_t steps = gpu ? 8 : 1;
    constexpr int kRoundsUntilReplayed = 16;  // the rarest kind of step comes every second round
    for (int i = 0; gpu && !by_graph_ && i < kRoundsUntilReplayed; ++i) TrainRound(steps);
    return Measure(duration_seconds, kParts * steps * config_.batch_size, seconds_,
                   [&] { TrainRound(steps); });
  }

  // Whether all steps of the last round of training were a graph's.
  bool by_graph() const { return by_graph_; }

  double Infer(int64_t batch_size, double duration_seconds) {
    Sampler faces(rows_.source, 1, Stream::kSourceOrder, Stream::kSourceFlip);
    Replay replay(MakeDeviceGraph(trainer_->device()), {}, /*tolerance=*/0);
    const auto convert = [&] {
      const torch::Tensor batch =
          MakeBatch(cache_, faces.Next(batch_size, false), trainer_->device());
      Fetch(replay.Run({batch}, [&](const Replay::Tensors& inputs) {
        return Replay::Tensors{ToBytes(trainer_->Result(inputs[0]))};
      })[0]);
    };
    while (!replay.settled()) convert();
    return Measure(duration_seconds, batch_size, seconds_, convert);
  }

 private:
  static constexpr int64_t kParts = 3;

  void TrainRound(int64_t steps) {
    StepValues values;
    by_graph_ = true;
    for (int64_t i = 0; i < kParts * steps; ++i) {
      Position position;
      position.step = i / steps * config_.steps / kParts + steps_done_ + i % steps;
      values = trainer_->Step(position);
      by_graph_ = by_graph_ && trainer_->by_graph();
    }
    static_cast<void>(values.generator.item<float>());
    steps_done_ += steps;
  }

  static TrainingRows AllRows(const PixelCache& cache) {
    TrainingRows rows;
    rows.source.resize(static_cast<size_t>(cache.rows()));
    std::iota(rows.source.begin(), rows.source.end(), 0);
    rows.target = rows.source;
    rows.labels = MadeUpLabels(rows.source);
    return rows;
  }

  // CelebA's number of attributes, one that is aimed at and as many kept as there may be.
  static FaceLabels MadeUpLabels(const std::vector<int64_t>& rows) {
    constexpr int kAttributes = 40;
    FaceLabels labels;
    for (int i = 0; i < kAttributes; ++i)
      labels.population.attributes.push_back("attribute" + std::to_string(i));
    Random random(1, Stream::kNoise, 0);
    for (size_t i = 0; i < rows.size(); ++i) labels.population.bits.push_back(random.Next());
    labels.population.partitions.assign(rows.size(), 0);
    labels.population.identities.assign(rows.size(), -1);
    labels.learn = rows;
    for (int i = 1; i <= 8; ++i) labels.kept.push_back({i, 0.5});
    labels.aimed = {{0, true}};
    return labels;
  }

  const Config& config_;
  const PixelCache& cache_;
  const std::function<double()>& seconds_;
  TrainingRows rows_;
  std::unique_ptr<Trainer> trainer_;
  int64_t steps_done_ = 0;  // of each part
  bool by_graph_ = false;
};

}  // namespace

BenchResult Bench(const Config& config, const Compute& compute, double duration_seconds,
                  const std::function<double()>& seconds) {
  const ScratchFile file("noise.pixels");
  MakeNoiseCache(file.path(), config.size, 2 * config.batch_size);
  const PixelCache cache(file.path());
  Bencher bencher(config, compute, cache, seconds);
  BenchResult result;
  result.input_images_per_second = bencher.Input(duration_seconds * 0.05);
  result.train_images_per_second = bencher.Train(duration_seconds * 0.6);
  result.peak_memory_bytes = PeakMemoryBytes();
  result.by_graph = bencher.by_graph();
  const std::vector<int> batch_sizes = FaceNetwork::BatchSizesFor(compute);
  for (const int batch_size : batch_sizes) {
    const double share = 0.35 / static_cast<double>(batch_sizes.size());
    const double rate = bencher.Infer(batch_size, duration_seconds * share);
    if (rate <= result.infer_images_per_second) continue;
    result.infer_images_per_second = rate;
    result.infer_batch_size = batch_size;
  }
  return result;
}

}  // namespace makeover::engine
