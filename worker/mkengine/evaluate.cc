#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "worker/engine/error.h"
#include "worker/engine/evaluation.h"
#include "worker/engine/face_network.h"
#include "worker/engine/file.h"
#include "worker/engine/judge.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/evaluation_sheet.h"
#include "worker/mkengine/evaluation_table.h"
#include "worker/mkengine/face_options.h"
#include "worker/mkengine/filters.h"
#include "worker/mkengine/index.h"
#include "worker/mkengine/judges.h"
#include "worker/mkengine/picture_sources.h"
#include "worker/mkengine/pictures.h"
#include "worker/mkengine/progress.h"

namespace makeover {
namespace {

// A dataset whose pixels lie ready.
struct Ready {
  JudgedDataset dataset;
  std::vector<std::string> names;  // of the pictures
  std::string pixels;
};

// What another part of the pictures shows is other data, with judges of its own.
JudgedDataset DatasetOf(engine::Population population, std::string digest,
                        const FaceWindow& window) {
  if (window != FaceWindow()) digest += "-" + FaceWindowKey(window);
  JudgedDataset dataset = {std::move(population), {}, std::move(digest)};
  dataset.division = engine::Divide(dataset.population, kJudgeFacesMax);
  return dataset;
}

// Held-out faces that the filter matches by their labels.
std::vector<int64_t> Matching(const Filter& filter, const JudgedDataset& dataset) {
  std::vector<int64_t> rows;
  for (const int64_t row : dataset.division.held_out) {
    if (filter.Matches(dataset.population.bits[static_cast<size_t>(row)])) rows.push_back(row);
  }
  return rows;
}

engine::EvaluationFaces FacesOf(const Sides& sides, const JudgedDataset& dataset) {
  return {Matching(sides.source, dataset), Matching(sides.target, dataset),
          dataset.division.held_out};
}

// The judges' and the held-out faces, decoded once and kept beside the judges. Empty when stopped.
std::string PixelsOf(const FaceFolder& folder, const JudgedDataset& dataset,
                     const FaceWindow& window, const std::string& cache,
                     const Surroundings& around) {
  engine::MakeFolder(cache);
  const std::string path = cache + "/faces-" + dataset.digest + ".pixels";
  if (std::filesystem::exists(path)) return path;
  const engine::Division& division = dataset.division;
  std::set<int64_t> wanted(division.held_out.begin(), division.held_out.end());
  wanted.insert(division.a.begin(), division.a.end());
  wanted.insert(division.b.begin(), division.b.end());
  PictureList pictures = PicturesOf(folder);
  pictures.wanted = [&wanted](int64_t row) { return wanted.count(row) > 0; };
  const int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return PreparePixels(pictures, window, path, threads, around).stopped ? "" : path;
}

std::optional<Ready> ReadyFolder(const Arguments& arguments, const FaceWindow& window,
                                 const Surroundings& around) {
  const FaceFolder folder = OpenFolder(arguments.operands()[0]);
  engine::Population population = PopulationOf(folder.attributes, folder.items.size());
  Ready ready;
  for (const FaceItem& item : folder.items) {
    population.bits.push_back(item.attributes);
    population.partitions.push_back(item.partition);
    population.identities.push_back(item.identity);
    ready.names.push_back(item.file);
  }
  std::string digest = FolderFingerprint(folder);
  std::replace(digest.begin(), digest.end(), ' ', '-');
  ready.dataset = DatasetOf(std::move(population), digest, window);
  ready.pixels = PixelsOf(folder, ready.dataset, window, JudgeFolder(arguments), around);
  return ready.pixels.empty() ? std::nullopt : std::optional<Ready>(std::move(ready));
}

Ready ReadyIndex(const Arguments& arguments, const FaceWindow& window) {
  DatasetIndex index = ReadIndex(arguments.Text("--index"));
  engine::Population population = PopulationOf(index.attributes, index.rows.size());
  Ready ready;
  for (IndexRow& row : index.rows) {
    population.bits.push_back(row.attributes);
    population.partitions.push_back(row.partition);
    population.identities.push_back(row.identity);
    ready.names.push_back(std::move(row.name));
  }
  ready.dataset = DatasetOf(std::move(population), arguments.Text("--dataset-digest"), window);
  ready.pixels = arguments.Text("--pixels");
  return ready;
}

std::optional<Ready> Gather(const Arguments& arguments, const FaceWindow& window,
                            const Surroundings& around) {
  const bool worker = arguments.Has("--pixels") && arguments.Has("--index");
  if (worker && arguments.operands().empty()) return ReadyIndex(arguments, window);
  if (arguments.operands().size() != 1 || arguments.Has("--pixels") || arguments.Has("--index")) {
    throw UsageError("mkengine evaluate needs one folder of pictures, or --pixels with --index.");
  }
  RequirePictures();
  return ReadyFolder(arguments, window, around);
}

// The generator as `mkengine convert` runs it; results are rounded as it rounds them.
engine::FaceFunction FunctionOf(engine::FaceNetwork* network, engine::PixelShape shape) {
  return [network, shape](const std::vector<const uint8_t*>& faces) {
    std::vector<std::vector<uint8_t>> results;
    for (const std::vector<float>& levels : network->Convert(faces, shape)) {
      std::vector<uint8_t>& pixels = results.emplace_back();
      pixels.reserve(levels.size());
      for (const float level : levels) {
        pixels.push_back(static_cast<uint8_t>(std::lround(std::clamp(level, 0.0F, 255.0F))));
      }
    }
    return results;
  };
}

void AddPairs(const std::vector<engine::ScoredFace>& faces, const char* word,
              const engine::PixelCache& cache, const std::vector<std::string>& names,
              std::vector<SheetPair>* pairs) {
  for (const engine::ScoredFace& face : faces) {
    char caption[64];
    std::snprintf(caption, sizeof caption, "%s %.2f", word, face.score);
    pairs->push_back(
        {cache.Row(face.row), face.result.data(), names[static_cast<size_t>(face.row)], caption});
  }
}

void WriteSheet(const std::string& path, const engine::Evaluation& evaluation,
                const engine::PixelCache& cache, const std::vector<std::string>& names) {
  std::vector<SheetPair> pairs;
  AddPairs(evaluation.best, "best", cache, names, &pairs);
  AddPairs(evaluation.median, "median", cache, names, &pairs);
  AddPairs(evaluation.worst, "worst", cache, names, &pairs);
  engine::WriteFileAtomically(path, EncodePairs(pairs, cache.shape()));
}

int Stopped(const Surroundings& around) {
  around.events->Emit(Json::Object{{"event", "stopped"}});
  return kExitStopped;
}

Json Described(const engine::Evaluation& evaluation, const Ready& ready, const engine::Aim& aim,
               const std::string& model, int64_t step) {
  Json json = Json::Object{{"model", model},
                           {"step", step},
                           {"heldOut", ready.dataset.division.by_partition ? "the test partition"
                                                                           : "one person of ten"}};
  const Json figures = engine::EvaluationToJson(evaluation, ready.dataset.population, aim);
  for (const auto& [key, value] : figures.AsObject()) json.Set(key, value);
  return json;
}

void Report(const Arguments& arguments, const Json& evaluation, const Surroundings& around) {
  Json event = Json::Object{{"event", "evaluation"}, {"figures", evaluation}};
  if (arguments.Has("--sheet")) event.Set("sheet", arguments.Text("--sheet"));
  if (arguments.Has("--events")) {
    around.events->Emit(event);
    around.events->Emit(Json::Object{{"event", "done"}, {"step", evaluation.Integer("step")}});
  } else if (arguments.Choice("-o", "text", {"text", "json"}) == "json") {
    std::printf("%s\n", evaluation.Write().c_str());
  } else {
    std::fputs(EvaluationTable(evaluation).c_str(), stdout);
  }
}

}  // namespace

CommandHelp EvaluateHelp() {
  std::vector<Option> options = {
      {"--model", "FILE", "a checkpoint of `mkengine train` (needed)"},
      {"--filter", "E", "target faces; the source is everybody"},
      {"--source", "E", "source faces"},
      {"--target", "E", "target faces"},
      {"--preset", "P", "mtf, ftm, ftf or mtm"},
      {"--no-clean", "", "measure blurry pictures and eyeglasses too"},
      {"--sheet", "FILE.png", "draw the best, median and worst faces, before and after"},
      {"--judge", "FILE", "judge with this one instead of the dataset's own"},
      {"--judge-cache", "DIR", "where judges are kept; default ~/.cache/makeover"},
      {"--pixels", "FILE", "instead of DIR: a pixel cache"},
      {"--index", "FILE", "with --pixels: the dataset's index"},
      {"--dataset-digest", "HEX", "with --pixels: names the pictures"},
      {"-o", "FORM", "text (default) or json"},
  };
  for (const Option& option : ComputeOptions()) options.push_back(option);
  return {"evaluate",
          "Measures a model on faces that it was not trained on, before and after conversion",
          "DIR",
          options,
          {"mkengine evaluate celeba --model run/checkpoints/step040000.safetensors --preset mtf",
           "mkengine evaluate celeba --model m.safetensors --filter smiling --sheet sheet.png -o "
           "json"},
          "The judge is a network of our own, trained once per dataset on other people than the "
          "measured ones.\n"};
}

int RunEvaluate(const Arguments& arguments, const Surroundings& around) {
  if (!arguments.Has("--model")) throw UsageError("mkengine evaluate needs --model FILE.");
  const FilterPair filters = FiltersOf(arguments, "measure");
  const engine::Compute compute = ComputeOf(arguments);
  engine::FaceNetwork network(arguments.Text("--model"), compute, engine::kFacesAtOnce);
  if (arguments.Has("--events")) EmitStart("evaluate", compute, around);
  const FaceWindow window = FaceWindowOfModel(arguments, network.config());
  const std::optional<Ready> ready = Gather(arguments, window, around);
  if (!ready.has_value()) return Stopped(around);
  const JudgedDataset& dataset = ready->dataset;
  const std::vector<std::string>& attributes = dataset.population.attributes;
  const Sides sides = SidesOf(filters, !arguments.Has("--no-clean"), attributes);
  const engine::Aim aim = AimOf(sides, attributes);
  const engine::PixelCache cache(ready->pixels);
  RequireCacheOf(window, cache);
  const std::string judge_path = arguments.Has("--judge")
                                     ? arguments.Text("--judge")
                                     : FindOrTrainJudge(engine::Role::kScore, dataset, cache,
                                                        JudgeFolder(arguments), compute, around);
  if (judge_path.empty()) return Stopped(around);
  const engine::Judge judge(judge_path, compute);
  const engine::EvaluationFaces faces = FacesOf(sides, dataset);
  Progress progress("faces", static_cast<int64_t>(faces.sources.size()), around);
  const auto report = [&progress](int64_t done) { progress.Report(done); };
  engine::Evaluation evaluation;
  if (!engine::Evaluate(judge, cache, dataset.population, aim, faces,
                        FunctionOf(&network, cache.shape()), {report, around.stop}, &evaluation)) {
    return Stopped(around);
  }
  if (arguments.Has("--sheet"))
    WriteSheet(arguments.Text("--sheet"), evaluation, cache, ready->names);
  Report(arguments, Described(evaluation, *ready, aim, arguments.Text("--model"), network.step()),
         around);
  return kExitDone;
}

}  // namespace makeover
