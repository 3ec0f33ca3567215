#include "worker/engine/face_network.h"

#include <cstring>

#include "worker/engine/batch.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/networks.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {

struct FaceNetwork::Network {
  Network(const CheckpointReader& checkpoint, const Compute& compute)
      : device(TorchDevice(compute)),
        generator(
            MakeGenerator(checkpoint.info().config, OptionsFor(checkpoint.info().config, compute))),
        info(checkpoint.info()) {
    checkpoint.Load(TensorsOf("generator_ema", *generator));
    generator->to(device);
    generator->eval();
  }

  torch::Device device;
  std::shared_ptr<Generator> generator;
  CheckpointInfo info;
};

FaceNetwork::FaceNetwork(const std::string& checkpoint, const Compute& compute, int batch_size)
    : batch_size_(batch_size),
      network_(std::make_unique<Network>(CheckpointReader(checkpoint), compute)) {}

FaceNetwork::~FaceNetwork() = default;

int64_t FaceNetwork::step() const { return network_->info.step; }

const Config& FaceNetwork::config() const { return network_->info.config; }

std::vector<std::vector<float>> FaceNetwork::Convert(const std::vector<const uint8_t*>& faces,
                                                     PixelShape shape) {
  const torch::NoGradGuard guard;
  const auto bytes = static_cast<size_t>(shape.bytes());
  std::vector<uint8_t> pixels(static_cast<size_t>(batch_size_) * bytes, 0);
  for (size_t i = 0; i < faces.size(); ++i) std::memcpy(pixels.data() + i * bytes, faces[i], bytes);
  const std::vector<uint8_t> flips(static_cast<size_t>(batch_size_), 0);
  const torch::Tensor batch = MakeBatch(pixels.data(), flips, shape, network_->device);
  const torch::Tensor levels = (network_->generator->forward(batch) * 255)
                                   .permute({0, 2, 3, 1})
                                   .to(torch::kCPU)
                                   .contiguous();
  std::vector<std::vector<float>> results;
  const float* begin = levels.data_ptr<float>();
  for (size_t i = 0; i < faces.size(); ++i)
    results.emplace_back(begin + i * bytes, begin + (i + 1) * bytes);
  return results;
}

}  // namespace makeover::engine
