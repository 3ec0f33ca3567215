#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/command.h"
#include "client/job_view.h"
#include "client/model_export.h"
#include "client/session.h"
#include "client/table.h"
#include "client/units.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using ModelStub = v1::ModelService::StubInterface;

std::string ModelState(const v1::Model& model) {
  if (model.tagged()) return "tagged";
  if (model.finished()) return "finished";
  return model.step() > 0 ? "training" : "no checkpoint yet";
}

std::string ModelTable(const v1::ListModelsResponse& all, const Session& session,
                       const Painter& painter, bool wide) {
  std::vector<Table::Column> columns = {{"NAME"},
                                        {"STATE"},
                                        {"STEP", Table::Align::kRight},
                                        {"JOB", Table::Align::kRight},
                                        {"DATASET"},
                                        {"TARGET", Table::Align::kLeft, true},
                                        {"AGE"}};
  if (wide) {
    columns.insert(columns.end(), {{"SOURCE"}, {"RECIPE"}, {"SIZE", Table::Align::kRight}});
  }
  Table table(std::move(columns));
  for (const v1::Model& model : all.models()) {
    std::vector<std::string> row = {
        model.name(),
        painter.State(ModelState(model)),
        absl::StrCat(model.step()),
        absl::StrCat(model.job()),
        model.dataset(),
        wide ? SideText(model.target()) : CutToWidth(SideText(model.target()), 40),
        FormatAge(SecondsSince(model.create_time(), session.Now()))};
    if (wide) {
      row.insert(row.end(),
                 {SideText(model.source()), model.recipe(), FormatSize(model.checkpoint().size())});
    }
    table.AddRow(std::move(row));
  }
  return table.empty() ? "There are no models yet; \"mkctl submit-train\" trains one.\n"
                       : table.ToString(painter);
}

std::string ModelDetail(const v1::Model& model, const Session& session, const Painter& painter) {
  KeyValues lines;
  lines.Add("Model", model.name());
  lines.Add("State", painter.State(ModelState(model)));
  lines.Add("Step", model.step() > 0 ? FormatCount(model.step()) : "");
  lines.Add("Job", absl::StrCat(model.job()));
  lines.Add("Recipe", model.recipe());
  lines.Add("Dataset", model.dataset());
  lines.Add("Source", SideText(model.source()));
  lines.Add("Target", SideText(model.target()));
  lines.Add("Created",
            absl::StrCat(FormatTime(model.create_time()), " (",
                         FormatAge(SecondsSince(model.create_time(), session.Now())), ")"));
  if (model.has_checkpoint()) {
    lines.Add("Checkpoint", absl::StrCat(model.checkpoint().digest(), "  ",
                                         FormatSize(model.checkpoint().size())));
  }
  lines.Add("Steps", absl::StrJoin(model.steps(), ", "));
  return lines.ToString(painter);
}

void EmitModel(const Session& session, const v1::Model& model) {
  session.out.Emit(model, {model.name()}, [&](const Painter& painter, bool) {
    return ModelDetail(model, session, painter);
  });
}

absl::StatusOr<v1::Model> GetModel(Session& session, const std::string& name) {
  MK_RETURN_IF_ERROR(ParseModelRef(name).status());
  v1::GetModelRequest request;
  request.set_name(name);
  return Call(session.models(), &ModelStub::GetModel, request);
}

CommandResult List(Session& session) {
  MK_ASSIGN_OR_RETURN(const v1::ListModelsResponse all,
                      Call(session.models(), &ModelStub::ListModels, v1::ListModelsRequest()));
  std::vector<std::string> names;
  for (const v1::Model& model : all.models()) names.push_back(model.name());
  session.out.Emit(all, names, [&](const Painter& painter, bool wide) {
    return ModelTable(all, session, painter, wide);
  });
  return ExitStatus::kDone;
}

CommandResult Show(Session& session, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const v1::Model model, GetModel(session, name));
  EmitModel(session, model);
  return ExitStatus::kDone;
}

CommandResult Tag(Session& session, const std::string& checkpoint, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const CheckpointRef ref, ParseCheckpointRef(checkpoint));
  MK_RETURN_IF_ERROR(CheckName("model", name));
  v1::TagCheckpointRequest request;
  request.set_job(ref.job);
  request.set_step(ref.step.value_or(0));
  request.set_name(name);
  MK_ASSIGN_OR_RETURN(const v1::Model model,
                      Call(session.models(), &ModelStub::TagCheckpoint, request));
  EmitModel(session, model);
  session.out.Hint(
      {{absl::StrCat("mkctl convert PHOTOS --model ", name), "convert a folder with it"},
       {absl::StrCat("mkctl models export ", name, " --out ", name, ".safetensors"),
        "take it elsewhere"}});
  return ExitStatus::kDone;
}

CommandResult Export(Session& session, const ExportOptions& options) {
  MK_ASSIGN_OR_RETURN(const v1::Model model, GetModel(session, options.model));
  return ExportModel(session, model, options);
}

CommandResult Delete(Session& session, const std::string& name) {
  MK_RETURN_IF_ERROR(CheckName("model", name));
  v1::DeleteModelRequest request;
  request.set_name(name);
  MK_ASSIGN_OR_RETURN(const google::protobuf::Empty done,
                      Call(session.models(), &ModelStub::DeleteModel, request));
  session.out.Emit(done, {name}, [&](const Painter&, bool) {
    return absl::StrCat("Model ", name, " is deleted.\n");
  });
  session.out.Hint(
      {{"mkctl models list", "what is left"}, {"mkctl admin gc", "free the disk space now"}});
  return ExitStatus::kDone;
}

std::shared_ptr<std::string> TakesModel(CLI::App* command, const char* help) {
  auto name = std::make_shared<std::string>();
  command->add_option("M", *name, help)->required();
  return name;
}

void AddExport(CLI::App& models, Choice& choice) {
  CLI::App* command = AddCommand(models, "export",
                                 "Writes a model's checkpoint, or its generator for other programs",
                                 "mkctl models export smile --format onnx --out smile.onnx");
  auto options = std::make_shared<ExportOptions>();
  command->add_option("M", options->model, "MODEL or MODEL@STEP")->required();
  command->add_option("--out", options->file, "The file to write")->required();
  CLI::Option* format =
      command
          ->add_option("--format", options->format,
                       "The generator alone, as safetensors, torchscript or onnx: float32 "
                       "[N, 3, height, width] in and out, RGB in [0, 1]; without: the checkpoint")
          ->check(CLI::IsMember({"safetensors", "torchscript", "onnx"}));
  command->add_flag("--fold", options->fold, "Make normalisation part of the convolutions")
      ->needs(format);
  Runs(command, choice, [options](Session& session) { return Export(session, *options); });
}

}  // namespace

void AddModelCommands(CLI::App& app, Choice& choice) {
  CLI::App* models = AddNoun(app, "models", "Trained models: names for checkpoints");
  Runs(AddCommand(*models, "list", "Lists models", "mkctl models list"), choice, List);

  CLI::App* show = AddCommand(*models, "show", "Shows a model", "mkctl models show smile@2000");
  Runs(show, choice, [name = TakesModel(show, "MODEL or MODEL@STEP")](Session& session) {
    return Show(session, *name);
  });

  CLI::App* tag = AddCommand(*models, "tag", "Names a checkpoint, which is then kept",
                             "mkctl models tag 12@2000 smile-best");
  auto checkpoint = std::make_shared<std::string>();
  auto new_name = std::make_shared<std::string>();
  tag->add_option("CHECKPOINT", *checkpoint, "JOB or JOB@STEP")->required();
  tag->add_option("NAME", *new_name, "The new name")->required();
  Runs(tag, choice,
       [checkpoint, new_name](Session& session) { return Tag(session, *checkpoint, *new_name); });

  AddExport(*models, choice);
  CLI::App* del = AddCommand(*models, "delete", "Forgets a model", "mkctl models delete smile");
  Runs(del, choice,
       [name = TakesModel(del, "The model")](Session& session) { return Delete(session, *name); });
}

}  // namespace makeover
