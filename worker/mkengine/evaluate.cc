#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "worker/engine/error.h"
#include "worker/engine/evaluation.h"
#include "worker/engine/face_network.h"
#include "worker/engine/file.h"
#include "worker/engine/judge.h"
#include "worker/engine/training.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/evaluation_sheet.h"
#include "worker/mkengine/evaluation_table.h"
#include "worker/mkengine/face_options.h"
#include "worker/mkengine/filters.h"
#include "worker/mkengine/progress.h"
#include "worker/mkengine/ready_dataset.h"

namespace makeover {
namespace {

// The face with a share of what makes the levels differ from it.
std::vector<uint8_t> Changed(const uint8_t* face, const std::vector<float>& levels,
                             double strength) {
  std::vector<uint8_t> pixels(levels.size());
  for (size_t i = 0; i < levels.size(); ++i) {
    const double level = face[i] + strength * (levels[i] - face[i]);
    pixels[i] = static_cast<uint8_t>(std::lround(std::clamp(level, 0.0, 255.0)));
  }
  return pixels;
}

// The generator as `mkengine convert` runs it; results are rounded as it rounds them.
engine::FaceFunction FunctionOf(engine::FaceNetwork* network, engine::PixelShape shape,
                                double strength) {
  return [=](const std::vector<const uint8_t*>& faces) {
    std::vector<std::vector<uint8_t>> results;
    const std::vector<std::vector<float>> levels = network->Convert(faces, shape);
    for (size_t i = 0; i < faces.size(); ++i)
      results.push_back(Changed(faces[i], levels[i], strength));
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

// What is measured: a model, or what it would take no model to do.
struct Subject {
  std::string name;
  int64_t step = 0;
  std::unique_ptr<engine::FaceNetwork> network;  // none for a baseline
  double strength = 1;
  engine::FaceFunction Function(engine::PixelShape shape) const;
};

engine::FaceFunction Subject::Function(engine::PixelShape shape) const {
  if (network != nullptr) return FunctionOf(network.get(), shape, strength);
  const auto bytes = static_cast<size_t>(shape.bytes());
  const bool grey = name == "grey";
  return [bytes, grey](const std::vector<const uint8_t*>& faces) {
    std::vector<std::vector<uint8_t>> results(faces.size(), std::vector<uint8_t>(bytes, 128));
    for (size_t i = 0; i < faces.size() && !grey; ++i)
      results[i].assign(faces[i], faces[i] + bytes);
    return results;
  };
}

Subject SubjectOf(const Arguments& arguments, const engine::Compute& compute) {
  if (arguments.Has("--model") == arguments.Has("--baseline"))
    throw UsageError("mkengine evaluate needs --model FILE, or --baseline copy or grey.");
  if (arguments.Has("--baseline"))
    return {arguments.Choice("--baseline", "", {"copy", "grey"}), 0, nullptr, 1};
  Subject subject = {arguments.Text("--model"), 0, nullptr,
                     arguments.Number("--strength", 1, 0, 1)};
  subject.network =
      std::make_unique<engine::FaceNetwork>(subject.name, compute, engine::kFacesAtOnce);
  subject.step = subject.network->step();
  return subject;
}

// Those of the options, else those that the model was trained with.
Sides ChosenSides(const Arguments& arguments, const std::vector<std::string>& attributes) {
  if (HasFilters(arguments)) {
    const FilterPair filters = FiltersOf(arguments, "measure");
    return SidesOf(filters, !arguments.Has("--no-clean"), attributes);
  }
  const engine::ModelFilters known = arguments.Has("--model")
                                         ? engine::FiltersOfCheckpoint(arguments.Text("--model"))
                                         : engine::ModelFilters();
  if (known.target.empty()) {
    throw UsageError(
        "Nothing says who is turned into whom: give --filter E, or --source E --target "
        "E, or --preset P.");
  }
  return SidesOf({known.source, known.target}, /*clean=*/false, attributes);
}

int Stopped(const Surroundings& around) {
  around.events->Emit(Json::Object{{"event", "stopped"}});
  return kExitStopped;
}

Json Described(const engine::Evaluation& evaluation, const ReadyDataset& ready,
               const engine::Aim& aim, const std::string& model, int64_t step) {
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
      {"--model", "FILE", "a checkpoint of `mkengine train`"},
      {"--baseline", "WHAT", "instead of --model: copy (faces as they are) or grey"},
      {"--strength", "S", "of the conversion: 0 (as it was) to 1 (default)"},
      {"--filter", "E", "target faces; default: what the model was trained for"},
      {"--source", "E", "source faces"},
      {"--target", "E", "target faces"},
      {"--preset", "P", "mtf, ftm, ftf or mtm"},
      {"--no-clean", "", "measure blurry pictures and eyeglasses too"},
      {"--sheet", "FILE.png", "draw the best, median and worst faces, before and after"},
      {"--figures", "FILE.json", "write the figures there too"},
      {"--judge", "FILE", "judge with this one instead of the dataset's own"},
      {"--judge-cache", "DIR", "where judges are kept; default ~/.cache/makeover"},
      {"--pixels", "FILE", "instead of DIR: a pixel cache"},
      {"--index", "FILE", "with --pixels: the dataset's index"},
      {"--dataset-digest", "HEX", "with --pixels: names the pictures"},
      {"--size", "WxH", "with --baseline: that of the models it is set beside; default 80x100"},
      {"--window", "X,Y,WxH", "likewise; a model has its own"},
      {"-o", "FORM", "text (default) or json"},
  };
  for (const Option& option : ComputeOptions()) options.push_back(option);
  return {"evaluate",
          "Measures a model on faces that it was not trained on, before and after conversion",
          "DIR",
          options,
          {"mkengine evaluate celeba --model run/checkpoints/step040000.safetensors --preset mtf",
           "mkengine evaluate celeba --model m.safetensors --filter smiling --sheet sheet.png -o "
           "json",
           "mkengine evaluate celeba --baseline copy --preset mtf"},
          "The judge is a network of our own, trained once per dataset on other people than the "
          "measured ones.\n"};
}

int RunEvaluate(const Arguments& arguments, const Surroundings& around) {
  for (const char* written : {"--sheet", "--figures"})
    RequireOwnFile(arguments, written, {"--model", "--judge", "--pixels", "--index"});
  for (const char* written : {"--sheet", "--figures"}) RequireFolderOf(arguments, written);
  const engine::Compute compute = ComputeOf(arguments);
  const Subject subject = SubjectOf(arguments, compute);
  if (arguments.Has("--events")) EmitStart("evaluate", compute, around);
  const FaceWindow window = subject.network == nullptr
                                ? FaceWindowOf(arguments)
                                : FaceWindowOfModel(arguments, subject.network->config());
  const std::optional<ReadyDataset> ready = MakeReady(arguments, "evaluate", window, around);
  if (!ready.has_value()) return Stopped(around);
  const JudgedDataset& dataset = ready->dataset;
  const std::vector<std::string>& attributes = dataset.population.attributes;
  const Sides sides = ChosenSides(arguments, attributes);
  const engine::Aim aim = AimOf(sides, attributes);
  const engine::PixelCache cache(ready->pixels);
  RequireCacheOf(window, cache);
  const engine::EvaluationFaces faces = FacesOf(sides, dataset);
  engine::RequireSources(faces, cache);
  const std::string judge_path = arguments.Has("--judge")
                                     ? arguments.Text("--judge")
                                     : FindOrTrainJudge(engine::Role::kScore, dataset, cache,
                                                        JudgeFolder(arguments), compute, around);
  if (judge_path.empty()) return Stopped(around);
  const engine::Judge judge(judge_path, compute);
  Progress progress("faces", static_cast<int64_t>(faces.sources.size()), around);
  const auto report = [&progress](int64_t done) { progress.Report(done); };
  engine::Evaluation evaluation;
  if (!engine::Evaluate(judge, cache, dataset.population, aim, faces,
                        subject.Function(cache.shape()), {report, around.stop}, &evaluation)) {
    return Stopped(around);
  }
  if (arguments.Has("--sheet"))
    WriteSheet(arguments.Text("--sheet"), evaluation, cache, ready->names);
  const Json figures = Described(evaluation, *ready, aim, subject.name, subject.step);
  if (arguments.Has("--figures"))
    engine::WriteFileAtomically(arguments.Text("--figures"), figures.Write() + "\n");
  Report(arguments, figures, around);
  return kExitDone;
}

}  // namespace makeover
