#include "worker/engine/face_network.h"

#include <cstring>
#include <map>
#include <utility>

#include "worker/engine/batch.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/networks.h"
#include "worker/engine/replay.h"
#include "worker/engine/send.h"

namespace makeover::engine {

struct FaceNetwork::Network {
  Network(const CheckpointReader& checkpoint, const Compute& compute)
      : device(TorchDevice(compute)),
        generator(TrainedGenerator(checkpoint, OptionsFor(checkpoint.info().config, compute))),
        info(checkpoint.info()) {
    generator->to(device);
  }

  // In one batch of `size`, the rest of it padded.
  SureBatches::Results Convert(const SureBatches::Faces& faces, PixelShape shape, int size) {
    const torch::NoGradGuard guard;
    const auto bytes = static_cast<size_t>(shape.bytes());
    std::vector<uint8_t> pixels(static_cast<size_t>(size) * bytes, 0);
    for (size_t i = 0; i < faces.size(); ++i)
      std::memcpy(pixels.data() + i * bytes, faces[i], bytes);
    const std::vector<uint8_t> flips(static_cast<size_t>(size), 0);
    const torch::Tensor values = Fetch(Levels(MakeBatch(pixels.data(), flips, shape, device)));
    SureBatches::Results results;
    const float* begin = values.data_ptr<float>();
    for (size_t i = 0; i < faces.size(); ++i)
      results.emplace_back(begin + i * bytes, begin + (i + 1) * bytes);
    return results;
  }

  // Levels [N, H, W, 3] of pictures [N, 3, H, W], on the device. On a GPU, after the first few of a
  // size, by a graph.
  torch::Tensor Levels(const torch::Tensor& pictures) {
    return ReplayFor(pictures.size(0)).Run({pictures}, [this](const Replay::Tensors& inputs) {
      const torch::Tensor results = Generated(*generator, inputs[0]);
      return Replay::Tensors{(results * 255).permute({0, 2, 3, 1}).contiguous()};
    })[0];
  }

  Replay& ReplayFor(int64_t count) {
    auto found = replays.find(count);
    if (found == replays.end())
      found = replays.emplace(count, Replay(MakeDeviceGraph(device), {}, /*tolerance=*/0)).first;
    return found->second;
  }

  torch::Device device;
  std::shared_ptr<Generator> generator;
  CheckpointInfo info;
  std::map<int64_t, Replay> replays;  // by number of pictures
};

FaceNetwork::FaceNetwork(const std::string& checkpoint, const Compute& compute,
                         std::vector<int> batch_sizes, std::function<double()> seconds)
    : batches_(std::move(batch_sizes), std::move(seconds)),
      network_(std::make_unique<Network>(CheckpointReader(checkpoint), compute)) {}

FaceNetwork::FaceNetwork(const std::string& checkpoint, const Compute& compute, int batch_size)
    : FaceNetwork(checkpoint, compute, std::vector<int>{batch_size}, [] { return 0.0; }) {}

FaceNetwork::~FaceNetwork() = default;

int64_t FaceNetwork::step() const { return network_->info.step; }

const Config& FaceNetwork::config() const { return network_->info.config; }

// A GPU needs many faces at once to be busy.
std::vector<int> FaceNetwork::BatchSizesFor(const Compute& compute) {
  if (compute.device == "cpu") return {16, 32, 64};
  return {64, 128, 256, 512};
}

SureBatches::Results FaceNetwork::Convert(const SureBatches::Faces& faces, PixelShape shape) {
  return batches_.Run(faces, [&](const SureBatches::Faces& some, int size) {
    SureBatches::Results results = network_->Convert(some, shape, size);
    return SureBatches::Batch{std::move(results), network_->ReplayFor(size).settled()};
  });
}

}  // namespace makeover::engine
