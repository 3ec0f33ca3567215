#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "storage/filter.h"
#include "worker/engine/config.h"
#include "worker/engine/file.h"
#include "worker/engine/pixel_cache.h"
#include "worker/engine/training.h"
#include "worker/engine/training_rows.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/face_options.h"
#include "worker/mkengine/family_attributes.h"
#include "worker/mkengine/filters.h"
#include "worker/mkengine/index.h"
#include "worker/mkengine/picture_sources.h"
#include "worker/mkengine/pictures.h"
#include "worker/mkengine/ready_dataset.h"
#include "worker/mkengine/recipe_options.h"
#include "worker/mkengine/training_evaluator.h"

namespace makeover {
namespace {

// Faces that evaluations measure with stay out of training, in a dataset without a test partition
// too. Among the first source faces, which may become the sample, they stay. Where hardly any
// others would be left, all are trained with, and that is said.
void LeaveOut(const engine::Division& division, engine::TrainingRun* run) {
  constexpr int64_t kLeftMin = 8;
  const std::set<int64_t> held_out(division.held_out.begin(), division.held_out.end());
  const auto measured = [&held_out](int64_t row) { return held_out.count(row) > 0; };
  for (auto* rows : {&run->source_rows, &run->target_rows}) {
    const auto count = static_cast<int64_t>(rows->size());
    if (count - std::count_if(rows->begin(), rows->end(), measured) >= kLeftMin) continue;
    std::fprintf(stderr,
                 "mkengine: too few pictures to keep any apart: an evaluation will measure with "
                 "some that were trained with\n");
    return;
  }
  const int64_t samples =
      std::min(run->config.sample_count, static_cast<int64_t>(run->source_rows.size()));
  run->source_rows.erase(
      std::remove_if(run->source_rows.begin() + samples, run->source_rows.end(), measured),
      run->source_rows.end());
  run->target_rows.erase(std::remove_if(run->target_rows.begin(), run->target_rows.end(), measured),
                         run->target_rows.end());
  run->held_out = division.held_out;
}

// Rows of the folder that the filter selects. Test pictures stay out of training.
std::vector<int64_t> Select(const FaceFolder& folder, const std::string& expression, bool clean) {
  const Filter filter = ParsedFilter(expression, clean, folder.attributes);
  constexpr int32_t kTest = 2;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < folder.items.size(); ++i) {
    const FaceItem& item = folder.items[i];
    if (item.partition != kTest && filter.Matches(item.attributes))
      rows.push_back(static_cast<int64_t>(i));
  }
  return rows;
}

// OUT/dataset.pixels, decoded again only where folder, selection or window have changed. Returns
// false when stopped.
bool CacheOf(const FaceFolder& folder, const std::set<int64_t>& wanted, const FaceWindow& window,
             const std::string& out, int threads, const Surroundings& around) {
  engine::MakeFolder(out);
  const std::string path = out + "/dataset.pixels";
  const std::string note = out + "/dataset.txt";
  std::string fingerprint = FolderFingerprint(folder) + " " + FaceWindowKey(window);
  for (const int64_t row : wanted) fingerprint += "\n" + std::to_string(row);
  if (std::filesystem::exists(path) && std::filesystem::exists(note) &&
      engine::ReadFile(note) == fingerprint) {
    return true;
  }
  PictureList pictures = PicturesOf(folder);
  pictures.wanted = [&wanted](int64_t row) { return wanted.count(row) > 0; };
  if (PreparePixels(pictures, window, path, threads, around).stopped) return false;
  engine::WriteFileAtomically(note, fingerprint);
  return true;
}

// A checkpoint's networks have learnt one part of the picture at one size.
void RequireSameWindow(const FaceWindow& window, const engine::Config& checkpoint) {
  const FaceWindow own = FaceWindowOfModel(Arguments(), checkpoint);
  if (window == own) return;
  throw UsageError("The checkpoint was trained at " + SizeText(own) + " with the window " +
                   WindowText(own) + " and cannot go on at " + SizeText(window) + " with " +
                   WindowText(window) + ": leave --size and --window away, or --resume.");
}

FaceWindow SettleWindow(const Arguments& arguments, engine::Config* config) {
  const FaceWindow window = FaceWindowOf(arguments, *config);
  if (arguments.Has("--resume")) {
    RequireSameWindow(window, engine::ConfigOfCheckpoint(arguments.Text("--resume")));
  }
  SetFaceWindow(window, config);
  return window;
}

// A plain number means steps, a time with its unit time.
void EvaluateEvery(const Arguments& arguments, engine::Config* config) {
  const std::string text = arguments.Text("--evaluate-every");
  if (text.empty()) return;
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    config->evaluate_steps = arguments.Integer("--evaluate-every", 0, 1, 1'000'000'000);
    config->evaluate_seconds = 0;
  } else {
    config->evaluate_steps = 0;
    config->evaluate_seconds = arguments.Duration("--evaluate-every", 0);
  }
}

// Its checkpoint says how a training goes on.
void RequireSameTraining(const Arguments& arguments, const engine::Config& config,
                         const engine::Config& checkpoint) {
  const std::string recipe = arguments.Text("--recipe", checkpoint.recipe);
  if (recipe != checkpoint.recipe) {
    throw UsageError("The checkpoint is of recipe " + checkpoint.recipe + " and cannot go on as " +
                     recipe + ": leave --recipe away, or --resume.");
  }
  const auto shape = [](const engine::Config& c) {
    return std::make_tuple(c.network, c.generator_channels, c.generator_blocks,
                           c.discriminator_channels);
  };
  if (shape(config) != shape(checkpoint)) {
    throw UsageError(
        "The checkpoint's networks have other layers than --set asks for: leave network, "
        "generator_channels, generator_blocks and discriminator_channels as they were, or "
        "--resume away.");
  }
  if (config.seed != checkpoint.seed) {
    throw UsageError("The checkpoint's training has the seed " + std::to_string(checkpoint.seed) +
                     " and cannot go on with another: leave --seed away, or --resume.");
  }
}

// A training may go on for another target; who did not mean to is told.
void MentionOtherFilters(const Arguments& arguments, const engine::ModelFilters& filters) {
  if (!arguments.Has("--resume")) return;
  const engine::ModelFilters known = engine::FiltersOfCheckpoint(arguments.Text("--resume"));
  if (known.target.empty() || filters.target.empty()) return;
  if (known.source == filters.source && known.target == filters.target) return;
  std::fprintf(
      stderr,
      "mkengine: the checkpoint's training turned '%s' into '%s'; it goes on with '%s' and "
      "'%s'\n",
      known.source.c_str(), known.target.c_str(), filters.source.c_str(), filters.target.c_str());
}

engine::Config FirstConfig(const Arguments& arguments) {
  if (arguments.Has("--resume")) return engine::ConfigOfCheckpoint(arguments.Text("--resume"));
  return RecipeOf(arguments);
}

engine::Config ConfigOf(const Arguments& arguments) {
  const engine::Config first = FirstConfig(arguments);
  engine::Config config = first;
  if (arguments.Has("--steps") && arguments.Has("--time")) {
    throw UsageError("--steps and --time cannot both end the training. Give one.");
  }
  if (arguments.Has("--steps")) {
    config.steps = arguments.Integer("--steps", config.steps, 0, 1'000'000'000);
    config.time_seconds = 0;
  }
  config.time_seconds = arguments.Duration("--time", config.time_seconds);
  config.batch_size = arguments.Integer("--batch-size", config.batch_size, 2, 4096);
  config.seed = arguments.Integer("--seed", config.seed, 0, 9'000'000'000'000'000);
  EvaluateEvery(arguments, &config);
  ApplySettings(arguments, &config);
  if (arguments.Has("--steps") && config.time_seconds > 0) {
    throw UsageError("--steps and --set time_seconds cannot both end the training. Give one.");
  }
  config.precision = arguments.Text("--precision", config.precision);  // as ComputeOf has it
  if (arguments.Has("--resume")) RequireSameTraining(arguments, config, first);
  return config;
}

void ReadListedRows(const Arguments& arguments, engine::TrainingRun* run) {
  if (!arguments.Has("--source-rows") || !arguments.Has("--target-rows") ||
      !arguments.operands().empty()) {
    throw UsageError("--pixels FILE needs --source-rows FILE and --target-rows FILE, and no DIR.");
  }
  if (HasFilters(arguments)) {
    const FilterPair filters = FiltersOf(arguments, "train");
    run->filters = {filters.source, filters.target};
    MentionOtherFilters(arguments, run->filters);
  }
  run->source_rows = ReadRows(arguments.Text("--source-rows"));
  run->target_rows = ReadRows(arguments.Text("--target-rows"));
  if (arguments.Has("--index")) {
    const engine::Population population = PopulationOf(ReadIndex(arguments.Text("--index")));
    const engine::Division division = engine::Divide(population, 0);
    LeaveOut(division, run);
    UseAttributes(population, division, run);
  }
}

// In a folder of classes, one of its own would be made of what a training draws.
void RequireNoClassOfResults(const FaceFolder& folder, const std::string& dir,
                             const std::string& out) {
  namespace fs = std::filesystem;
  const auto in_folder = [](const FaceItem& item) {
    return item.file.find('/') != std::string::npos;
  };
  if (std::none_of(folder.items.begin(), folder.items.end(), in_folder)) return;
  const fs::path pictures = fs::weakly_canonical(dir);
  const fs::path results = fs::weakly_canonical(out);
  const auto differ =
      std::mismatch(pictures.begin(), pictures.end(), results.begin(), results.end());
  if (differ.first != pictures.end()) return;
  throw UsageError("--out " + out + " lies among the classes of " + dir +
                   ", and sample pictures would become one. Give a folder outside of it.");
}

FaceFolder SelectRows(const Arguments& arguments, engine::TrainingRun* run) {
  if (arguments.operands().size() != 1)
    throw UsageError("mkengine train needs one folder of pictures, or --pixels.");
  const FilterPair filters = FiltersOf(arguments, "train");
  FaceFolder folder = OpenFolder(arguments.operands()[0]);
  RequireNoClassOfResults(folder, arguments.operands()[0], run->out);
  const bool clean = !arguments.Has("--no-clean");
  run->filters = {clean ? WithCleaning(filters.source, folder.attributes) : filters.source,
                  clean ? WithCleaning(filters.target, folder.attributes) : filters.target};
  MentionOtherFilters(arguments, run->filters);
  run->source_rows = Select(folder, filters.source, clean);
  run->target_rows = Select(folder, filters.target, clean);
  const engine::Population population = PopulationOf(folder);
  const engine::Division division = engine::Divide(population, 0);
  LeaveOut(division, run);
  std::fprintf(stderr, "mkengine: %zu source and %zu target pictures\n", run->source_rows.size(),
               run->target_rows.size());
  engine::RequireRows(run->source_rows, "source");
  engine::RequireRows(run->target_rows, "target");
  UseAttributes(population, division, run);
  return folder;
}

// Fills in the rows. Returns the path of the pixel cache, which is made where it has to be; empty
// when stopped by a signal. Nothing is written before all options are found good.
std::string Gather(const Arguments& arguments, const FaceWindow& window, const Surroundings& around,
                   engine::TrainingRun* run) {
  if (arguments.Has("--pixels")) {
    ReadListedRows(arguments, run);
    RequireEvaluable(arguments, *run);
    return arguments.Text("--pixels");
  }
  const FaceFolder folder = SelectRows(arguments, run);
  RequireEvaluable(arguments, *run);
  std::set<int64_t> wanted(run->source_rows.begin(), run->source_rows.end());
  for (const auto* rows : {&run->target_rows, &run->labels.learn})
    wanted.insert(rows->begin(), rows->end());
  const bool done = CacheOf(folder, wanted, window, run->out, run->compute.threads, around);
  return done ? run->out + "/dataset.pixels" : "";
}

int StoppedBeforeTraining(const engine::TrainingRun& run, const Surroundings& around) {
  const int64_t step = run.resume.empty() ? 0 : engine::StepOfCheckpoint(run.resume);
  around.events->Emit(Json::Object{{"event", "stopped"}, {"step", step}});
  return kExitStopped;
}

std::string SettingsText() {
  std::string text = "Settings for --set, with the defaults of recipe makeover:\n";
  const std::vector<engine::SettingHelp> classic = engine::DescribeSettings("classic");
  const std::vector<engine::SettingHelp> makeover = engine::DescribeSettings("makeover");
  for (size_t i = 0; i < makeover.size(); ++i) {
    std::string left = "  " + makeover[i].name + "=" + makeover[i].value;
    left.resize(std::max<size_t>(left.size() + 1, 30), ' ');
    text += left + makeover[i].help;
    if (classic[i].value != makeover[i].value) text += " (classic: " + classic[i].value + ")";
    text += "\n";
  }
  return text;
}

}  // namespace

CommandHelp TrainHelp() {
  std::vector<Option> options = {
      {"--out", "DIR", "for samples/, checkpoints/ and metrics.jsonl (needed)"},
      {"--filter", "E", "target faces; the source is everybody"},
      {"--source", "E", "source faces"},
      {"--target", "E", "target faces"},
      {"--preset", "P", "mtf, ftm, ftf or mtm"},
      {"--no-clean", "", "keep blurry pictures and eyeglasses"},
      {"--pixels", "FILE", "instead of DIR: a pixel cache"},
      {"--source-rows", "FILE", "with --pixels: its rows of source faces"},
      {"--target-rows", "FILE", "with --pixels: its rows of target faces"},
      {"--dataset-digest", "HEX", "noted in checkpoints"},
      {"--recipe", "R", "makeover (default) or classic"},
      {"--steps", "N", "length of the training; default 40000"},
      {"--time", "T", "or its length as a time: 90s, 20m, 2h"},
      {"--batch-size", "N", "default 16"},
      {"--seed", "S", "default 1"},
      {"--set", "KEY=VALUE", "change a setting of the recipe, see below", true},
      {"--evaluate-every", "N|T",
       "steps, or a time such as 5m: measure with a judge, keep the best"},
      {"--judge-cache", "DIR", "where judges are kept; default ~/.cache/makeover"},
      {"--index", "FILE", "with --pixels: the dataset's index, to balance and evaluate by"},
      {"--resume", "FILE", "go on from a checkpoint, with its settings"},
  };
  for (const Option& option : FaceOptions()) options.push_back(option);
  for (const Option& option : ComputeOptions()) options.push_back(option);
  return {"train",
          "Trains a makeover from two families of faces",
          "DIR",
          options,
          {"mkengine train celeba --preset mtf --time 2h --out run",
           "mkengine train celeba --filter 'smiling & young' --steps 20000 --out run",
           "mkengine train celeba --preset mtf --out run --resume "
           "run/checkpoints/step004000.safetensors"},
          SettingsText()};
}

int RunTrain(const Arguments& arguments, const Surroundings& around) {
  if (!arguments.Has("--out")) throw UsageError("mkengine train needs --out DIR.");
  if (!arguments.Has("--pixels")) RequirePictures();
  engine::TrainingRun run;
  run.out = arguments.Text("--out");
  run.resume = arguments.Text("--resume");
  run.dataset_digest = arguments.Text("--dataset-digest");
  run.config = ConfigOf(arguments);
  const FaceWindow window = SettleWindow(arguments, &run.config);
  run.compute = ComputeOf(arguments, run.config.precision);
  EmitStart("train", run.compute, around);
  const std::string cache_path = Gather(arguments, window, around, &run);
  if (cache_path.empty()) return StoppedBeforeTraining(run, around);
  const engine::PixelCache cache(cache_path);
  RequireCacheOf(window, cache);
  const auto emit = [&around](const Json& event) { around.events->Emit(event); };
  const std::optional<TrainingEvaluator> evaluate = MakeTrainingEvaluator(arguments, run, around);
  if (!evaluate.has_value()) return StoppedBeforeTraining(run, around);
  const bool done =
      engine::Train(run, cache, {emit, around.seconds, around.stop, EncodePng, *evaluate});
  return done ? kExitDone : kExitStopped;
}

}  // namespace makeover
