// Writes what the networks of a checkpoint make of the first rows of a pixel cache, for
// reference.py to compare:
//   network_outputs CHECKPOINT PIXELS COUNT OUT.safetensors
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine/batch.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/networks.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {
namespace {

TensorView View(const std::string& name, const torch::Tensor& tensor) {
  return {name,
          "F32",
          tensor.sizes().vec(),
          {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()}};
}

void WriteOutputs(const std::string& checkpoint_path, const std::string& pixels, int count,
                  const std::string& out) {
  const torch::NoGradGuard guard;
  const CheckpointReader checkpoint(checkpoint_path);
  const PixelCache cache(pixels);
  std::vector<Draw> draws;
  for (int row = 0; row < count; ++row) draws.push_back({row, row % 2 == 1});
  const torch::Tensor faces = MakeBatch(cache, draws, torch::kCPU);
  const NetworkOptions options = OptionsFor(checkpoint.info().config, Compute());
  const Config& config = checkpoint.info().config;
  const std::shared_ptr<Generator> generator = MakeGenerator(config, options);
  const std::shared_ptr<Discriminator> discriminator = MakeDiscriminator(config, options);
  checkpoint.Load(TensorsOf("generator_ema", *generator));
  checkpoint.Load(TensorsOf("discriminator", *discriminator));
  generator->eval();
  const torch::Tensor converted = generator->forward(faces).contiguous();
  const torch::Tensor logits = discriminator->forward(faces).contiguous();
  WriteSafetensors(out, {View("converted", converted), View("logits", logits)}, {});
}

}  // namespace
}  // namespace makeover::engine

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  try {
    makeover::engine::WriteOutputs(argv[1], argv[2], std::stoi(argv[3]), argv[4]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
