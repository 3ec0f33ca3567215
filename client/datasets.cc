#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/command.h"
#include "client/follow.h"
#include "client/import.h"
#include "client/progress.h"
#include "client/request_id.h"
#include "client/session.h"
#include "client/table.h"
#include "client/transfer.h"
#include "client/units.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using DatasetStub = v1::DatasetService::StubInterface;

std::string DatasetTable(const v1::ListDatasetsResponse& all, const Session& session,
                         const Painter& painter, bool wide) {
  std::vector<Table::Column> columns = {{"NAME"},
                                        {"STATE"},
                                        {"PICTURES", Table::Align::kRight},
                                        {"ATTRIBUTES", Table::Align::kRight},
                                        {"SIZE", Table::Align::kRight},
                                        {"AGE"}};
  if (wide) {
    columns.insert(columns.end(), {{"SHARDS", Table::Align::kRight},
                                   {"QUARANTINED", Table::Align::kRight},
                                   {"OWNER"},
                                   {"DIGEST"}});
  }
  Table table(std::move(columns));
  for (const v1::Dataset& dataset : all.datasets()) {
    std::vector<std::string> row = {dataset.name(),
                                    painter.State(v1::Dataset::State_Name(dataset.state())),
                                    FormatCount(dataset.items()),
                                    absl::StrCat(dataset.attributes_size()),
                                    FormatSize(dataset.size()),
                                    FormatAge(SecondsSince(dataset.create_time(), session.Now()))};
    if (wide) {
      row.insert(row.end(), {absl::StrCat(dataset.shards()), FormatCount(dataset.quarantined()),
                             Harmless(dataset.owner()), dataset.digest()});
    }
    table.AddRow(std::move(row));
  }
  return table.empty()
             ? "There are no datasets yet; \"mkctl datasets import NAME DIR\" brings one.\n"
             : table.ToString(painter);
}

std::string AttributeTable(const v1::Dataset& dataset, const Painter& painter) {
  constexpr int kBarColumns = 22;
  Table table(
      {{"ATTRIBUTE"}, {"PICTURES", Table::Align::kRight}, {"SHARE", Table::Align::kRight}, {""}});
  for (const v1::AttributeCount& count : dataset.attribute_counts()) {
    const double share =
        dataset.items() > 0 ? static_cast<double>(count.count()) / dataset.items() : 0;
    table.AddRow({Harmless(count.attribute()), FormatCount(count.count()),
                  absl::StrFormat("%.1f%%", 100 * share), RenderBar(share, kBarColumns)});
  }
  return table.empty() ? "" : "\n" + table.ToString(painter);
}

// Why pictures are set aside: some of them, in the wide form as many as the coordinator tells.
absl::StatusOr<v1::ListQuarantinedResponse> FetchQuarantined(Session& session,
                                                             const v1::Dataset& dataset) {
  constexpr uint32_t kShown = 20;
  v1::ListQuarantinedRequest request;
  request.set_dataset(dataset.name());
  request.set_limit(session.out.form() == OutputForm::kWide ? 0 : kShown);
  if (dataset.quarantined() == 0) return v1::ListQuarantinedResponse();
  return Call(session.datasets(), &DatasetStub::ListQuarantined, request);
}

std::string QuarantineTable(const v1::Dataset& dataset, const v1::ListQuarantinedResponse& bad,
                            const Painter& painter) {
  if (bad.pictures().empty()) return "";
  Table table({{"SET ASIDE"}, {"REASON", Table::Align::kLeft, true}});
  for (const auto& picture : bad.pictures()) {
    table.AddRow({Harmless(picture.name()), Harmless(picture.reason())});
  }
  const auto shown = static_cast<uint32_t>(bad.pictures_size());
  const std::string more = dataset.quarantined() > shown
                               ? absl::StrCat("... and ", dataset.quarantined() - shown,
                                              " more; \"-o wide\" shows as many as there may be.\n")
                               : "";
  return absl::StrCat("\n", table.ToString(painter), more);
}

std::string DatasetDetail(const v1::Dataset& dataset, const Painter& painter) {
  KeyValues lines;
  lines.Add("Dataset", dataset.name());
  lines.Add("State", painter.State(v1::Dataset::State_Name(dataset.state())));
  lines.Add("Pictures", FormatCount(dataset.items()));
  lines.Add("Quarantined", dataset.quarantined() > 0 ? FormatCount(dataset.quarantined()) : "");
  lines.Add("Shards", absl::StrCat(dataset.shards(), ", ", FormatSize(dataset.size())));
  lines.Add("Owner", Harmless(dataset.owner()));
  lines.Add("Created", FormatTime(dataset.create_time()));
  lines.Add("Digest", dataset.digest());
  lines.Add("Prepared by",
            dataset.prepare_job() > 0 ? absl::StrCat("job ", dataset.prepare_job()) : "");
  lines.Add("Failure", dataset.failure().message().empty()
                           ? ""
                           : Harmless(absl::StrCat(dataset.failure().message(), "\n",
                                                   dataset.failure().advice())));
  return lines.ToString(painter) + AttributeTable(dataset, painter);
}

CommandResult List(Session& session) {
  MK_ASSIGN_OR_RETURN(
      const v1::ListDatasetsResponse all,
      Call(session.datasets(), &DatasetStub::ListDatasets, v1::ListDatasetsRequest()));
  std::vector<std::string> names;
  for (const v1::Dataset& dataset : all.datasets()) names.push_back(dataset.name());
  session.out.Emit(all, names, [&](const Painter& painter, bool wide) {
    return DatasetTable(all, session, painter, wide);
  });
  return ExitStatus::kDone;
}

CommandResult Show(Session& session, const std::string& name) {
  v1::GetDatasetRequest request;
  request.set_name(name);
  MK_ASSIGN_OR_RETURN(const v1::Dataset dataset,
                      Call(session.datasets(), &DatasetStub::GetDataset, request));
  MK_ASSIGN_OR_RETURN(const v1::ListQuarantinedResponse bad, FetchQuarantined(session, dataset));
  session.out.Emit(dataset, {dataset.name()}, [&](const Painter& painter, bool) {
    return DatasetDetail(dataset, painter) + QuarantineTable(dataset, bad, painter);
  });
  return ExitStatus::kDone;
}

CommandResult Count(Session& session, const std::string& name, const std::string& filter) {
  v1::CountItemsRequest request;
  request.set_dataset(name);
  request.set_filter(filter);
  MK_ASSIGN_OR_RETURN(const v1::CountItemsResponse counted,
                      Call(session.datasets(), &DatasetStub::CountItems, request));
  session.out.Emit(counted, {absl::StrCat(counted.count())}, [&](const Painter&, bool) {
    return absl::StrCat(Plural(counted.count(), "picture"), " of ", name,
                        counted.count() == 1 ? " matches " : " match ", counted.filter(), "\n");
  });
  return ExitStatus::kDone;
}

struct PreviewOptions {
  std::string name;
  std::string filter;
  std::string file;
  uint32_t limit = 40;
};

CommandResult Preview(Session& session, const PreviewOptions& options) {
  MK_RETURN_IF_ERROR(CheckCanBeWritten(options.file));
  v1::CreatePreviewJobRequest request;
  request.set_request_id(RandomRequestId());
  request.set_owner(session.Owner());
  request.set_dataset(options.name);
  request.set_filter(options.filter);
  request.set_limit(options.limit);
  MK_ASSIGN_OR_RETURN(
      const v1::Job job,
      Call(session.jobs(), &v1::JobService::StubInterface::CreatePreviewJob, request));
  MK_ASSIGN_OR_RETURN(const Followed followed, FollowJob(session, job.id(), FollowOptions{}));
  if (followed.detached || followed.job.state() != v1::Job::SUCCEEDED) {
    return EndOfFollowing(session, followed, false);
  }
  MK_RETURN_IF_ERROR(DownloadToFile(session, followed.job.result(), options.file, "preview"));
  session.out.Emit(followed.job, {options.file}, [&](const Painter&, bool) {
    return absl::StrCat("Wrote ", options.file, " (", FormatSize(followed.job.result().size()),
                        ").\n");
  });
  const std::string filter = options.filter.empty() ? "EXPRESSION" : options.filter;
  session.out.Hint({{absl::StrCat("mkctl submit-train --dataset ", options.name, " --filter '",
                                  filter, "' --dry-run"),
                     "how many faces on each side?"}});
  return ExitStatus::kDone;
}

CommandResult Delete(Session& session, const std::string& name) {
  v1::DeleteDatasetRequest request;
  request.set_name(name);
  MK_ASSIGN_OR_RETURN(const google::protobuf::Empty done,
                      Call(session.datasets(), &DatasetStub::DeleteDataset, request));
  session.out.Emit(done, {name}, [&](const Painter&, bool) {
    return absl::StrCat("Dataset ", name, " is deleted.\n");
  });
  session.out.Hint({{"mkctl datasets list", "what is left"},
                    {"mkctl admin gc", "free the disk space of old blobs"}});
  return ExitStatus::kDone;
}

std::shared_ptr<std::string> TakesName(CLI::App* command) {
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "The dataset's name")->required();
  return name;
}

void AddImport(CLI::App& datasets, Choice& choice) {
  CLI::App* command = AddCommand(datasets, "import", "Imports a folder of face pictures",
                                 "mkctl datasets import celeba ~/celeba");
  auto options = std::make_shared<ImportOptions>();
  command->add_option("NAME", options->name, "A name for the dataset")->required();
  command->add_option("DIR", options->dir, "CelebA's layout, a folder per class, or pictures alone")
      ->required();
  command->add_flag("--detach", options->detach, "Do not wait for the preparation");
  Runs(command, choice, [options](Session& session) { return ImportDataset(session, *options); });
}

void AddPreview(CLI::App& datasets, Choice& choice) {
  CLI::App* command =
      AddCommand(datasets, "preview", "Draws a contact sheet of pictures that match",
                 "mkctl datasets preview celeba --filter 'blond hair & !male' -o blond.png");
  auto options = std::make_shared<PreviewOptions>();
  command->add_option("NAME", options->name, "The dataset's name")->required();
  command->add_option("--filter", options->filter, "Only pictures that match");
  command->add_option("-o,--out", options->file, "The PNG file to write")->required();
  command->add_option("--limit", options->limit, "At most so many pictures")
      ->check(CLI::Range(1, 400));
  Runs(command, choice, [options](Session& session) { return Preview(session, *options); });
}

}  // namespace

void AddDatasetCommands(CLI::App& app, Choice& choice) {
  CLI::App* datasets = AddNoun(app, "datasets", "Face pictures to train on");
  AddImport(*datasets, choice);
  Runs(AddCommand(*datasets, "list", "Lists datasets", "mkctl datasets list -o wide"), choice,
       List);

  CLI::App* show = AddCommand(*datasets, "show", "Shows a dataset, or counts what matches a filter",
                              "mkctl datasets show celeba --filter 'smiling & !male'");
  auto filter = std::make_shared<std::string>();
  auto shown = TakesName(show);
  show->add_option("--filter", *filter, "Count the pictures that match");
  Runs(show, choice, [shown, filter](Session& session) {
    return filter->empty() ? Show(session, *shown) : Count(session, *shown, *filter);
  });

  AddPreview(*datasets, choice);
  CLI::App* del =
      AddCommand(*datasets, "delete", "Deletes a dataset", "mkctl datasets delete celeba");
  Runs(del, choice, [name = TakesName(del)](Session& session) { return Delete(session, *name); });
}

}  // namespace makeover
