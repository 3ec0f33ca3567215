#include "worker/engine/export.h"

#include "worker/engine/json.h"
#include "worker/engine/training.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/face_options.h"

namespace makeover {
namespace {

engine::ExportFormat FormatOf(const Arguments& arguments) {
  const std::string format =
      arguments.Choice("--format", "safetensors", {"safetensors", "torchscript", "onnx"});
  if (format == "onnx") return engine::ExportFormat::kOnnx;
  return format == "torchscript" ? engine::ExportFormat::kTorchScript
                                 : engine::ExportFormat::kSafetensors;
}

// Pictures are cut from CelebA's aligned frame, or from any picture as if it were that one, scaled.
std::string GeometryText(const Arguments& arguments) {
  const FaceWindow window =
      FaceWindowOfModel(arguments, engine::ConfigOfCheckpoint(arguments.Text("--model")));
  return Json(Json::Object{
                  {"frame", "178x218"}, {"window", WindowText(window)}, {"size", SizeText(window)}})
      .Write();
}

}  // namespace

CommandHelp ExportHelp() {
  return {"export",
          "Writes a checkpoint's generator for other programs",
          "",
          {{"--model", "FILE", "a checkpoint of `mkengine train` (needed)"},
           {"--out", "FILE", "the file to write (needed)"},
           {"--format", "F", "safetensors (default), torchscript or onnx"},
           {"--fold", "", "make normalisation part of the convolutions before it"}},
          {"mkengine export --model run/checkpoints/step040000.safetensors --format onnx --out "
           "makeover.onnx"},
          "Input `picture` and output `makeover` are float32 [N, 3, height, width], RGB in [0, 1], "
          "for any N.\n"};
}

int RunExport(const Arguments& arguments, const Surroundings& around) {
  for (const char* name : {"--model", "--out"}) {
    if (!arguments.Has(name)) throw UsageError("mkengine export needs " + std::string(name) + ".");
  }
  RequireOwnFile(arguments, "--out", {"--model"});
  engine::ExportRequest request;
  request.checkpoint = arguments.Text("--model");
  request.out = arguments.Text("--out");
  request.format = FormatOf(arguments);
  request.geometry = GeometryText(arguments);
  request.fold = arguments.Has("--fold");
  EmitStart("export", {"cpu", engine::Precision::kFp32, 1}, around);
  const engine::ExportResult result = engine::ExportGenerator(request);
  around.events->Emit(
      Json::Object{{"event", "done"}, {"step", result.step}, {"operations", result.operations}});
  return kExitDone;
}

}  // namespace makeover
