#include "worker/engine/bench.h"

#include <cstdio>

#include "worker/engine/config.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/face_options.h"
#include "worker/mkengine/recipe_options.h"

namespace makeover {

CommandHelp BenchHelp() {
  std::vector<Option> options = {
      {"--recipe", "R", "makeover (default) or classic"},
      {"--size", "WxH", "of pictures, 40x48 to 256x256 in fours; default 80x100"},
      {"--batch-size", "N", "pictures a step; default 16"},
      {"--set", "KEY=VALUE", "change a setting of the recipe: see mkengine train --help", true},
      {"--seconds", "S", "about how long to measure; default 20"},
      {"-o", "FORM", "text (default) or json"}};
  for (const Option& option : ComputeOptions()) options.push_back(option);
  return {"bench",
          "Measures how fast this machine trains and converts: medians over several rounds",
          "",
          options,
          {"mkengine bench", "mkengine bench --recipe classic --precision fp32 -o json",
           "mkengine bench --size 128x160 --set augment=0"},
          ""};
}

int RunBench(const Arguments& arguments, const Surroundings& around) {
  engine::Config config = RecipeOf(arguments);
  config.batch_size = arguments.Integer("--batch-size", config.batch_size, 2, 4096);
  ApplySettings(arguments, &config);
  const FaceWindow window = FaceWindowOf(arguments, config);
  SetFaceWindow(window, &config);
  const double seconds = arguments.Number("--seconds", 20, 0, 3600);
  const std::string form = arguments.Choice("-o", "text", {"text", "json"});
  const engine::Compute compute = ComputeOf(arguments, config.precision);
  const engine::BenchResult result = engine::Bench(config, compute, seconds, around.seconds);
  if (form == "json") {
    Events(true).Emit(Json::Object{{"trainImagesPerSecond", result.train_images_per_second},
                                   {"inferImagesPerSecond", result.infer_images_per_second},
                                   {"inferBatchSize", result.infer_batch_size},
                                   {"inputImagesPerSecond", result.input_images_per_second},
                                   {"peakMemoryBytes", result.peak_memory_bytes},
                                   {"byGraph", result.by_graph},
                                   {"device", compute.device},
                                   {"precision", engine::PrecisionName(compute.precision)},
                                   {"threads", compute.threads},
                                   {"size", SizeText(window)},
                                   {"batchSize", config.batch_size},
                                   {"recipe", config.recipe}});
  } else {
    std::printf(
        "training %.1f images/s at batch %lld with %.0f MB, conversion %.1f images/s at batch "
        "%lld, input %.0f images/s a thread (%s, %s, %s, %d threads)\n",
        result.train_images_per_second, static_cast<long long>(config.batch_size),
        static_cast<double>(result.peak_memory_bytes) / 1e6, result.infer_images_per_second,
        static_cast<long long>(result.infer_batch_size), result.input_images_per_second,
        SizeText(window).c_str(), compute.device.c_str(), engine::PrecisionName(compute.precision),
        compute.threads);
  }
  return kExitDone;
}

}  // namespace makeover
