// `mkctl jobs tensorboard`: a training's metrics and samples as an event file.
#include <google/protobuf/struct.pb.h>

#include <chrono>
#include <cmath>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "client/command.h"
#include "client/event_file.h"
#include "client/job_fetch.h"
#include "client/session.h"
#include "client/step_times.h"
#include "client/transfer.h"
#include "client/units.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr int64_t kSampleBytesMax = 64 << 20;
constexpr char kSampleTag[] = "samples";

// What one run has added.
struct Added {
  int64_t steps = 0;
  int64_t samples = 0;
};

// Height, width and channels from a PNG's header (ISO 15948, 11.2.2).
absl::StatusOr<tensorboard::Summary::Image> ImageOf(std::string png, uint32_t step) {
  constexpr absl::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
  constexpr size_t kHeaderBytes = 33;
  if (png.size() < kHeaderBytes || png.compare(0, kSignature.size(), kSignature.data(), 8) != 0) {
    return absl::DataLossError(
        absl::StrCat("The sample of step ", step, " is no PNG; \"mkctl samples\" downloads it."));
  }
  const auto byte = [&png](size_t at) { return int32_t{static_cast<unsigned char>(png[at])}; };
  const auto number = [&byte](size_t at) {
    return byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
  };
  tensorboard::Summary::Image image;
  image.set_width(number(16));
  image.set_height(number(20));
  constexpr int kGrey = 0;
  constexpr int kRgba = 6;
  image.set_colorspace(byte(25) == kGrey ? 1 : byte(25) == kRgba ? 4 : 3);
  *image.mutable_encoded_image_string() = std::move(png);
  return image;
}

// The first step of which the file has a scalar that the training does not have, or has otherwise:
// it went back to before it and came there anew.
std::optional<int64_t> FirstUndone(const v1::ListMetricsResponse& all, const EventFile& file) {
  std::map<int64_t, const v1::Metric*> metrics;
  for (const v1::Metric& metric : all.metrics()) metrics[metric.step()] = &metric;
  for (const auto& [place, scalar] : file.values()) {
    const auto& [step, tag] = place;
    if (!scalar.has_value()) continue;
    const auto metric = metrics.find(step);
    if (metric == metrics.end()) return step;
    const auto value = metric->second->values().find(tag);
    if (value == metric->second->values().end()) return step;
    const auto now = static_cast<float>(value->second);
    if (now != *scalar && !(std::isnan(now) && std::isnan(*scalar))) return step;
  }
  return std::nullopt;
}

// One event for all of a step's values that the file does not have yet.
absl::Status AddMetrics(const v1::ListMetricsResponse& all, const StepTimes& times, EventFile& file,
                        Added& added) {
  for (const v1::Metric& metric : all.metrics()) {
    tensorboard::Event event;
    event.set_wall_time(times.SecondsAt(metric.step()));
    event.set_step(metric.step());
    for (const auto& [name, value] : std::map(metric.values().begin(), metric.values().end())) {
      if (file.Has(name, metric.step())) continue;
      auto* scalar = event.mutable_summary()->add_value();
      scalar->set_tag(name);
      scalar->set_simple_value(static_cast<float>(value));
    }
    if (event.summary().value().empty()) continue;
    MK_RETURN_IF_ERROR(file.Append(event));
    ++added.steps;
  }
  return absl::OkStatus();
}

absl::Status AddSamples(Session& session, const v1::Job& job, const StepTimes& times,
                        EventFile& file, Added& added) {
  for (const v1::Sample& sample : job.samples()) {
    if (file.Has(kSampleTag, sample.step())) continue;
    MK_ASSIGN_OR_RETURN(std::string png, DownloadToString(session, sample.blob(), kSampleBytesMax));
    MK_ASSIGN_OR_RETURN(const auto image, ImageOf(std::move(png), sample.step()));
    tensorboard::Event event;
    event.set_wall_time(times.SecondsAt(sample.step()));
    event.set_step(sample.step());
    auto* value = event.mutable_summary()->add_value();
    value->set_tag(kSampleTag);
    *value->mutable_image() = image;
    MK_RETURN_IF_ERROR(file.Append(event));
    ++added.samples;
  }
  return absl::OkStatus();
}

// Of this job alone, whatever other clusters write beside it; the same in every run.
std::string PathOf(const v1::Job& job, const std::string& logdir) {
  return absl::StrCat(logdir, "/job-", job.id(), "/events.out.tfevents.",
                      job.create_time().seconds(), ".mkctl");
}

void Emit(const Session& session, const std::string& path, const Added& added) {
  google::protobuf::Struct result;
  auto& fields = *result.mutable_fields();
  fields["path"].set_string_value(path);
  fields["stepsAdded"].set_number_value(static_cast<double>(added.steps));
  fields["samplesAdded"].set_number_value(static_cast<double>(added.samples));
  session.out.Emit(result, {path}, [&](const Painter&, bool) {
    return absl::StrCat("Added the metrics of ", Plural(added.steps, "step"), " and ",
                        Plural(added.samples, "sample"), " to ", path, ".\n");
  });
}

CommandResult Write(Session& session, const std::string& text, const std::string& logdir) {
  MK_ASSIGN_OR_RETURN(const v1::Job job, FetchJob(session, text));
  if (job.kind() != v1::Job::TRAIN) {
    return absl::FailedPreconditionError(
        absl::StrCat("Job ", job.id(), " is no training, so it has no metrics."));
  }
  MK_ASSIGN_OR_RETURN(const v1::ListMetricsResponse metrics, FetchMetrics(session, job.id(), 0));
  const std::chrono::duration<double> now = session.Now().time_since_epoch();
  const StepTimes times(job, now.count());
  const std::string path = PathOf(job, logdir);
  MK_RETURN_IF_ERROR(AsLocalError(MakeFolders(FolderOf(path))));
  absl::StatusOr<EventFile> file = EventFile::Open(path, times.SecondsAt(0));
  if (!file.ok()) return AsLocalError(file.status());
  if (const std::optional<int64_t> undone = FirstUndone(metrics, *file)) {
    MK_RETURN_IF_ERROR(AsLocalError(file->BeginAgainAt(*undone, now.count())));
    session.out.Note(absl::StrCat("The training went back: what the file has from step ", *undone,
                                  " on is written again."));
  }
  Added added;
  MK_RETURN_IF_ERROR(AsLocalError(AddMetrics(metrics, times, *file, added)));
  MK_RETURN_IF_ERROR(AddSamples(session, job, times, *file, added));
  MK_RETURN_IF_ERROR(AsLocalError(file->Sync()));
  Emit(session, path, added);
  session.out.Hint({{absl::StrCat("tensorboard --logdir ", logdir), "look at it"}});
  return ExitStatus::kDone;
}

}  // namespace

void AddTensorboardCommand(CLI::App& jobs, Choice& choice) {
  CLI::App* command = AddCommand(jobs, "tensorboard",
                                 "Writes metrics and samples for TensorBoard; again: what is new",
                                 "mkctl jobs tensorboard 12 --logdir runs");
  auto job = std::make_shared<std::string>();
  auto logdir = std::make_shared<std::string>();
  command->add_option("J", *job, "The job's number")->required();
  command->add_option("--logdir", *logdir, "The folder that TensorBoard looks at")->required();
  Runs(command, choice, [job, logdir](Session& session) { return Write(session, *job, *logdir); });
}

}  // namespace makeover
