#include "worker/engine_commands.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "worker/engine/json.h"
#include "worker/task_inputs.h"

namespace makeover {
namespace {

using Words = std::vector<std::string>;

void Add(Words* words, std::initializer_list<std::string> more) {
  words->insert(words->end(), more);
}

void AddThreads(Words* words, const EngineSettings& settings) {
  if (settings.threads > 0) Add(words, {"--threads", std::to_string(settings.threads)});
}

void AddDevice(Words* words, const v1::TaskSpec& spec) {
  Add(words, {"--device", spec.devices_size() > 0 ? spec.devices(0) : "auto"});
}

Words PrepareWords(const v1::TaskSpec& spec, const WorkFolder& folder,
                   const EngineSettings& settings) {
  const FaceWindow window = PixelWindow(spec);
  Words words = {"prepare", "--events"};
  Add(&words, {"--index", folder.index(), "--shards", folder.shards()});
  Add(&words, {"--size", SizeText(window), "--window", WindowText(window)});
  Add(&words, {"--out", folder.new_pixels()});
  AddThreads(&words, settings);
  return words;
}

Words TrainWords(const v1::TaskSpec& spec, const WorkFolder& folder,
                 const EngineSettings& settings) {
  const v1::TrainSpec& train = spec.train().spec();
  Words words = {"train", "--events", "--pixels", folder.pixels()};
  Add(&words, {"--source-rows", folder.source_rows(), "--target-rows", folder.target_rows()});
  Add(&words, {"--out", folder.train_out(), "--dataset-digest", spec.train().dataset().digest()});
  // The filters are as understood: cleaned where that was wanted.
  Add(&words, {"--source", train.source(), "--target", train.target(), "--no-clean"});
  Add(&words, {"--index", folder.index(), "--judge-cache", settings.judges});
  if (!train.recipe().empty()) Add(&words, {"--recipe", train.recipe()});
  if (train.steps() > 0) {
    Add(&words, {"--steps", std::to_string(train.steps())});
  } else if (train.time_seconds() > 0) {
    Add(&words, {"--time", absl::StrCat(train.time_seconds(), "s")});
  }
  if (train.batch_size() > 0) Add(&words, {"--batch-size", std::to_string(train.batch_size())});
  Add(&words, {"--seed", std::to_string(train.seed())});
  for (const std::string& setting : train.settings()) Add(&words, {"--set", setting});
  const bool resumes =
      !spec.train().checkpoint().digest().empty() || !train.resume_from().digest().empty();
  if (resumes) Add(&words, {"--resume", folder.checkpoint()});
  AddDevice(&words, spec);
  AddThreads(&words, settings);
  return words;
}

Words ConvertWords(const v1::TaskSpec& spec, const WorkFolder& folder,
                   const EngineSettings& settings) {
  const v1::ConvertSpec& convert = spec.convert().spec();
  Words words = {"convert", "--events", "--requests", "--model", folder.checkpoint()};
  Add(&words, {"--strength", absl::StrCat(convert.strength())});
  if (!convert.align().empty()) Add(&words, {"--align", convert.align()});
  AddDevice(&words, spec);
  AddThreads(&words, settings);
  return words;
}

Words EvaluateWords(const v1::TaskSpec& spec, const WorkFolder& folder,
                    const EngineSettings& settings) {
  const v1::EvaluateSpec& evaluate = spec.evaluate().spec();
  Words words = {"evaluate", "--events", "--model", folder.checkpoint()};
  Add(&words, {"--pixels", folder.pixels(), "--index", folder.index()});
  Add(&words, {"--dataset-digest", spec.evaluate().dataset().digest()});
  Add(&words, {"--source", evaluate.train().source(), "--target", evaluate.train().target()});
  // The filters are as understood: cleaned where that was wanted.
  Add(&words, {"--no-clean", "--judge-cache", settings.judges});
  Add(&words, {"--sheet", folder.In(kEvaluationSheetFile)});
  Add(&words, {"--figures", folder.In(kEvaluationFiguresFile)});
  AddDevice(&words, spec);
  AddThreads(&words, settings);
  return words;
}

Words PreviewWords(const WorkFolder& folder) {
  Words words = {"grid", "--events"};
  Add(&words, {"--index", folder.index(), "--shards", folder.shards()});
  Add(&words, {"--rows", folder.rows(), "--out", folder.In(kPreviewFile)});
  return words;
}

}  // namespace

EngineCommand MakeEngineCommand(ChildKind kind, const v1::TaskSpec& spec, const WorkFolder& folder,
                                const EngineSettings& settings) {
  switch (kind) {
    case ChildKind::kPrepare:
      return {settings.program, PrepareWords(spec, folder, settings), kDecoderDataBytesMax};
    case ChildKind::kTrain:
      return {settings.program, TrainWords(spec, folder, settings), 0};
    case ChildKind::kConvert:
      return {settings.program, ConvertWords(spec, folder, settings), 0};
    case ChildKind::kEvaluate:
      return {settings.program, EvaluateWords(spec, folder, settings), 0};
    case ChildKind::kPreview:
      return {settings.program, PreviewWords(folder), kDecoderDataBytesMax};
  }
  return {};
}

std::string ConvertRequestLine(const LeaseId& lease, const WorkFolder& folder) {
  return Json(Json::Object{{"request", ToString(lease)},
                           {"input", folder.input()},
                           {"output", folder.output()}})
      .Write();
}

}  // namespace makeover
