// Losses of the first steps of recipe classic: `learning_curve FILE.pixels fp32|bf16 STEPS`, for
// faces of which every other one is a target. A line per step: the generator's loss, its pixel loss
// and the discriminator's loss. It is built with the engine's kernels and without them.
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "worker/engine/config.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/trainer.h"

namespace makeover::engine {
namespace {

TrainingRows RowsOf(const PixelCache& cache) {
  TrainingRows rows;
  for (int64_t row = 0; row < cache.rows(); ++row)
    (row % 2 == 0 ? rows.source : rows.target).push_back(row);
  return rows;
}

void PrintCurve(const std::string& pixels, const std::string& precision, int64_t steps) {
  const PixelCache cache(pixels);
  Config config = RecipeDefaults("classic");
  config.size = cache.shape();
  config.batch_size = 8;
  config.steps = steps;
  Compute compute;
  compute.precision = precision == "bf16" ? Precision::kBf16 : Precision::kFp32;
  Trainer trainer(config, compute, cache, RowsOf(cache));
  Position position;
  for (; position.step < steps; ++position.step) {
    const StepValues values = trainer.Step(position);
    std::printf("%.6f %.6f %.6f\n", values.generator.item<double>(), values.pixel.item<double>(),
                values.discriminator.item<double>());
  }
}

}  // namespace
}  // namespace makeover::engine

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  torch::set_num_threads(1);
  makeover::engine::PrintCurve(argv[1], argv[2], std::atoll(argv[3]));
  return 0;
}
