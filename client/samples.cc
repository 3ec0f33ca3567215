#include <google/protobuf/struct.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/command.h"
#include "client/job_fetch.h"
#include "client/session.h"
#include "client/table.h"
#include "client/transfer.h"
#include "client/units.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

struct SampleOptions {
  std::string job;
  std::optional<uint32_t> step;
  bool all = false;
  std::string out;
};

// A sample that lies in a file now.
struct Written {
  v1::Sample sample;
  std::string path;
};

absl::StatusOr<std::vector<v1::Sample>> Choose(const v1::Job& job, const SampleOptions& options) {
  if (job.kind() != v1::Job::TRAIN) {
    return absl::FailedPreconditionError(
        absl::StrCat("Job ", job.id(), " is no training, so it has no samples."));
  }
  if (job.samples().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("Job ", job.id(), " has no sample yet: the first one comes when its training ",
                     "starts; \"mkctl jobs watch ", job.id(), "\" follows it."));
  }
  if (options.all) return std::vector<v1::Sample>(job.samples().begin(), job.samples().end());
  if (!options.step) return std::vector<v1::Sample>{job.samples(job.samples_size() - 1)};
  std::string steps;
  for (const v1::Sample& sample : job.samples()) {
    if (sample.step() == *options.step) return std::vector<v1::Sample>{sample};
    absl::StrAppend(&steps, steps.empty() ? "" : ", ", sample.step());
  }
  return absl::NotFoundError(absl::StrCat("Job ", job.id(), " has no sample of step ",
                                          *options.step, "; it has ", steps, "."));
}

google::protobuf::Struct ToStruct(const std::vector<Written>& written) {
  google::protobuf::Struct all;
  auto* list = (*all.mutable_fields())["samples"].mutable_list_value();
  for (const Written& one : written) {
    auto& fields = *list->add_values()->mutable_struct_value()->mutable_fields();
    fields["step"].set_number_value(one.sample.step());
    fields["path"].set_string_value(one.path);
    auto& blob = *fields["blob"].mutable_struct_value()->mutable_fields();
    blob["digest"].set_string_value(one.sample.blob().digest());
    blob["size"].set_string_value(absl::StrCat(one.sample.blob().size()));
  }
  return all;
}

void Emit(const Session& session, const std::vector<Written>& written) {
  std::vector<std::string> paths;
  for (const Written& one : written) paths.push_back(one.path);
  session.out.Emit(ToStruct(written), paths, [&](const Painter& painter, bool) {
    Table table({{"STEP", Table::Align::kRight}, {"SIZE", Table::Align::kRight}, {"FILE"}});
    for (const Written& one : written) {
      table.AddRow(
          {absl::StrCat(one.sample.step()), FormatSize(one.sample.blob().size()), one.path});
    }
    return table.ToString(painter);
  });
}

CommandResult GetSamples(Session& session, const SampleOptions& options) {
  MK_ASSIGN_OR_RETURN(const v1::Job job, FetchJob(session, options.job));
  MK_ASSIGN_OR_RETURN(const std::vector<v1::Sample> samples, Choose(job, options));
  const std::string dir =
      options.out.empty() ? absl::StrCat("job-", job.id(), "-samples") : options.out;
  MK_RETURN_IF_ERROR(AsLocalError(MakeFolders(dir)));
  std::vector<Written> written;
  for (const v1::Sample& sample : samples) {
    const std::string path = absl::StrFormat("%s/batch%06d.png", dir, sample.step());
    MK_RETURN_IF_ERROR(DownloadToFile(session, sample.blob(), path, "download"));
    written.push_back({sample, path});
  }
  Emit(session, written);
  return ExitStatus::kDone;
}

}  // namespace

void AddSamplesCommand(CLI::App& app, Choice& choice) {
  CLI::App* command = AddCommand(app, "samples", "Downloads sample pictures of a training",
                                 "mkctl samples 12 --latest --out samples");
  auto options = std::make_shared<SampleOptions>();
  auto latest = std::make_shared<bool>(false);
  command->add_option("J", options->job, "The job's number")->required();
  CLI::Option* newest = command->add_flag("--latest", *latest, "The newest one (the default)");
  CLI::Option* step = command->add_option("--step", options->step, "The one of this step");
  CLI::Option* all = command->add_flag("--all", options->all, "All of them");
  newest->excludes(step)->excludes(all);
  step->excludes(all);
  command->add_option("--out", options->out, "The folder to write to; default: job-J-samples");
  Runs(command, choice,
       [options, latest](Session& session) { return GetSamples(session, *options); });
}

}  // namespace makeover
