#include "worker/engine/networks.h"

#include <ATen/Parallel.h>

#include "worker/engine/classic_networks.h"
#include "worker/engine/makeover_networks.h"

namespace makeover::engine {
namespace {

MakeoverSize SizeOf(const Config& config) {
  return {config.generator_channels, config.generator_blocks, config.discriminator_channels,
          config.chroma_blur};
}

}  // namespace

torch::Device TorchDevice(const Compute& compute) { return torch::Device(compute.device); }

NetworkOptions OptionsFor(const Config& config, const Compute& compute) {
  NetworkOptions options;
  options.type = compute.precision == Precision::kBf16 ? torch::kBFloat16 : torch::kFloat32;
  options.norm_epsilon = config.batch_norm_epsilon;
  options.norm_momentum = config.batch_norm_momentum;
  options.height = config.size.height;
  options.width = config.size.width;
  return options;
}

std::shared_ptr<Generator> MakeGenerator(const Config& config, const NetworkOptions& options) {
  const auto seed = static_cast<uint64_t>(config.seed);
  if (config.network == "classic") {
    auto network = std::make_shared<ClassicGenerator>(options);
    network->Initialise(seed);
    return network;
  }
  auto network = std::make_shared<MakeoverGenerator>(SizeOf(config), options);
  network->Initialise(seed);
  return network;
}

std::shared_ptr<Discriminator> MakeDiscriminator(const Config& config,
                                                 const NetworkOptions& options) {
  const auto seed = static_cast<uint64_t>(config.seed);
  if (config.network == "classic") {
    auto network = std::make_shared<ClassicDiscriminator>(options);
    network->Initialise(seed);
    return network;
  }
  auto network = std::make_shared<MakeoverDiscriminator>(SizeOf(config), options);
  network->Initialise(seed);
  return network;
}

std::shared_ptr<Generator> TrainedGenerator(const CheckpointReader& checkpoint,
                                            const NetworkOptions& options) {
  std::shared_ptr<Generator> generator = MakeGenerator(checkpoint.info().config, options);
  checkpoint.LoadFinite(TensorsOf("generator_ema", *generator));
  generator->eval();
  return generator;
}

torch::Tensor Generated(Generator& generator, const torch::Tensor& pictures) {
  constexpr int64_t kShareMin = 8;  // fewer pictures cost more for what is made ready per call
  const torch::NoGradGuard guard;
  const int64_t count = pictures.size(0);
  const int64_t threads = at::get_num_threads();
  const int64_t share = count / threads;
  if (!pictures.is_cpu() || threads < 2 || share < kShareMin || share * threads != count)
    return generator.forward(pictures);
  torch::Tensor results = torch::empty_like(pictures);
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    const torch::NoGradGuard own;  // each thread has one
    for (int64_t part = begin; part < end; ++part) {
      const torch::Tensor some = pictures.narrow(0, part * share, share);
      results.narrow(0, part * share, share).copy_(generator.forward(some));
    }
  });
  return results;
}

}  // namespace makeover::engine
