#include "coordinator/train_jobs.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/dataset_lookup.h"
#include "coordinator/errors.h"
#include "coordinator/job_lookup.h"
#include "coordinator/job_messages.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "coordinator/model_lookup.h"
#include "coordinator/selection.h"
#include "coordinator/submit.h"
#include "coordinator/train_estimate.h"
#include "coordinator/train_settings.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr char kDefaultRecipe[] = "makeover";
constexpr uint32_t kDefaultSteps = 40'000;
constexpr uint32_t kDefaultBatchSize = 16;

absl::Status CheckBound(absl::string_view what, double value, double least, double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return errors::OutOfBounds(what, value, least, most);
}

absl::Status CheckRequest(const v1::CreateTrainJobRequest& request) {
  if (!request.model().empty()) MK_RETURN_IF_ERROR(CheckName("model", request.model()));
  if (!request.recipe().empty()) MK_RETURN_IF_ERROR(CheckName("recipe", request.recipe()));
  if (request.steps() > 0 && request.time_seconds() > 0) return errors::StepsAndTime();
  MK_RETURN_IF_ERROR(CheckBound("--steps", request.steps(), 0, kStepsMax));
  MK_RETURN_IF_ERROR(CheckBound("--time in seconds", request.time_seconds(), 0, kTimeSecondsMax));
  MK_RETURN_IF_ERROR(CheckBound("--batch-size", request.batch_size(),
                                request.batch_size() == 0 ? 0 : kBatchSizeMin, kBatchSizeMax));
  MK_RETURN_IF_ERROR(CheckBound("--seed", static_cast<double>(request.seed()), 0, kSeedMax));
  MK_RETURN_IF_ERROR(CheckBound("--gpus", request.gpus(), 0, kGpusMax));
  return CheckSettings(request);
}

v1::TrainSpec SpecOf(const v1::CreateTrainJobRequest& request, const Dataset& dataset,
                     const Sides& sides, uint64_t seed) {
  v1::TrainSpec spec;
  spec.set_dataset(dataset.name);
  spec.set_source(sides.source);
  spec.set_target(sides.target);
  spec.set_recipe(request.recipe().empty() ? kDefaultRecipe : request.recipe());
  spec.set_time_seconds(request.time_seconds());
  spec.set_steps(request.time_seconds() > 0 ? 0
                 : request.steps() > 0      ? request.steps()
                                            : kDefaultSteps);
  spec.set_batch_size(request.batch_size() > 0 ? request.batch_size() : kDefaultBatchSize);
  *spec.mutable_settings() = request.settings();
  spec.set_seed(request.has_seed() ? request.seed() : seed & kDrawnSeedMask);
  spec.set_gpus(request.gpus());
  spec.set_dataset_digest(dataset.index.digest);
  return spec;
}

absl::StatusOr<Selection> Select(const Backend& backend, const Dataset& dataset,
                                 const Sides& sides) {
  MK_ASSIGN_OR_RETURN(const auto sources,
                      backend.catalog.SelectRows(dataset.id, sides.source_filter));
  MK_ASSIGN_OR_RETURN(const auto targets,
                      backend.catalog.SelectRows(dataset.id, sides.target_filter));
  if (std::min(sources.size(), targets.size()) < kPicturesPerSideMin) {
    return errors::TooFewPictures(dataset.name, static_cast<uint32_t>(sources.size()),
                                  static_cast<uint32_t>(targets.size()));
  }
  return SelectForTraining(sources, targets);
}

absl::StatusOr<BlobRef> StoreRows(BlobStore& blobs, const std::vector<uint32_t>& rows) {
  const std::string file = RowsFile(rows);
  MK_ASSIGN_OR_RETURN(const std::string digest, blobs.Put(file));
  return BlobRef{digest, static_cast<int64_t>(file.size())};
}

absl::Status StoreSelection(const Backend& backend, const Selection& selection,
                            v1::TrainSpec& spec) {
  MK_ASSIGN_OR_RETURN(const BlobRef source, StoreRows(backend.blobs, selection.source_rows));
  MK_ASSIGN_OR_RETURN(const BlobRef target, StoreRows(backend.blobs, selection.target_rows));
  *spec.mutable_source_rows() = ToProto(source);
  *spec.mutable_target_rows() = ToProto(target);
  return absl::OkStatus();
}

absl::Status Estimate(const Backend& backend, const v1::TrainSpec& spec,
                      v1::CreateTrainJobResponse& response) {
  response.set_source_count(spec.source_count());
  response.set_target_count(spec.target_count());
  response.set_dataset(spec.dataset());
  return EstimateTraining(backend, spec, response);
}

// "not-male" of "!male & !blurry & !eyeglasses": letters and digits of the first words, for a name.
std::string WordOf(const std::string& filter) {
  std::string word;
  for (const char c : filter) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    } else if (c == '!' && word.empty()) {
      word = "not-";
    } else if ((c == '_' || c == ' ' || c == '-') && !word.empty() && word.back() != '-') {
      word.push_back('-');
    } else if (c == '&' || c == '|' || c == ',') {
      break;
    }
    if (word.size() >= 24) break;
  }
  while (!word.empty() && word.back() == '-') word.pop_back();
  return word.empty() ? "model" : word;
}

const std::string& TargetOf(const v1::CreateTrainJobRequest& request) {
  return request.filter().empty() ? request.target() : request.filter();
}

// In the user's words: "mtf", or "everybody to smiling".
std::string Aim(const v1::CreateTrainJobRequest& request) {
  if (!request.preset().empty()) return request.preset();
  return absl::StrCat(request.source().empty() ? "everybody" : request.source(), " to ",
                      TargetOf(request));
}

// DATASET-attractive-12: after the dataset, what was chosen, and the job.
absl::StatusOr<std::string> NameModel(const View& view, const v1::CreateTrainJobRequest& request) {
  if (!request.model().empty()) {
    MK_ASSIGN_OR_RETURN(const std::optional<Model> taken, FindModel(view, request.model()));
    if (taken.has_value()) return errors::ModelExists(request.model());
    return request.model();
  }
  const std::string& chosen = request.preset().empty() ? TargetOf(request) : request.preset();
  std::string dataset = request.dataset().substr(0, 24);
  for (JobId number = view.scheduler.state().next_job;; ++number) {
    std::string name = absl::StrCat(dataset, "-", WordOf(chosen), "-", number);
    MK_ASSIGN_OR_RETURN(const std::optional<Model> taken, FindModel(view, name));
    if (!taken.has_value()) return name;
  }
}

Job TrainJob(const v1::CreateTrainJobRequest& request, const v1::TrainSpec& spec,
             const Dataset& dataset) {
  Job job;
  job.kind = JobKind::kTrain;
  job.request_id = request.request_id();
  job.owner = request.owner().substr(0, kOwnerBytesMax);
  job.description =
      absl::StrCat("train ", spec.recipe(), " on ", spec.dataset(), ": ", Aim(request));
  job.priority = request.priority();
  job.after_job = request.after_job();
  if (job.after_job == 0 && dataset.state == DatasetState::kPreparing) {
    job.after_job = dataset.prepare_job;
  }
  job.devices_per_task = static_cast<int>(std::max(1U, request.gpus()));
  job.dataset = dataset.name;
  job.spec = spec.SerializeAsString();
  return job;
}

absl::Status CheckUsable(const Dataset& dataset) {
  const bool usable =
      dataset.state == DatasetState::kPreparing || dataset.state == DatasetState::kReady;
  return usable ? absl::OkStatus() : errors::DatasetNotUsable(dataset);
}

absl::Status CheckStored(const BlobStore& blobs, const v1::TrainSpec& spec) {
  for (const v1::Blob* blob : {&spec.source_rows(), &spec.target_rows()}) {
    if (!blobs.Has(blob->digest())) return errors::BlobMissing("a list of rows", blob->digest());
  }
  return absl::OkStatus();
}

absl::StatusOr<Edit> DecideTrain(const View& view, const BlobStore& blobs,
                                 const v1::CreateTrainJobRequest& request,
                                 const v1::TrainSpec& spec) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDataset(view, spec.dataset()));
  MK_RETURN_IF_ERROR(CheckUsable(dataset));
  MK_RETURN_IF_ERROR(CheckSameDataset(dataset, spec.dataset_digest()));
  MK_RETURN_IF_ERROR(CheckStored(blobs, spec));
  Job job = TrainJob(request, spec, dataset);
  v1::CreateTrainJobRequest named = request;
  named.set_dataset(dataset.name);
  MK_ASSIGN_OR_RETURN(job.model, NameModel(view, named));
  const Model model{.name = job.model, .job = 0, .step = 0, .create_ms = view.now};
  const std::optional<JobState> after = StateAfter(view, job.after_job);
  MK_ASSIGN_OR_RETURN(
      Edit edit, view.scheduler.SubmitJob(std::move(job), std::vector<Task>(1), after, view.now));
  edit.models.push_back(model);
  edit.models.back().job = edit.jobs.front().id;
  return edit;
}

absl::Status AnswerTrain(const Backend& backend, JobId id, v1::CreateTrainJobResponse& response) {
  MK_ASSIGN_OR_RETURN(*response.mutable_job(), DescribeJob(backend, id));
  return Estimate(backend, response.job().train(), response);
}

}  // namespace

absl::Status CreateTrainJob(const Backend& backend, const v1::CreateTrainJobRequest& asked,
                            v1::CreateTrainJobResponse& response) {
  MK_ASSIGN_OR_RETURN(const std::optional<Job> known,
                      FindRequested(backend.catalog, asked.request_id(), JobKind::kTrain));
  if (known.has_value()) return AnswerTrain(backend, known->id, response);
  v1::CreateTrainJobRequest request = asked;
  MK_RETURN_IF_ERROR(AdoptSettings(request));
  MK_RETURN_IF_ERROR(CheckRequest(request));
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDatasetOrOnly(backend.catalog, request.dataset()));
  MK_RETURN_IF_ERROR(CheckUsable(dataset));
  if (dataset.attributes.empty() && AsksForEvaluations(request)) {
    return errors::NothingToJudgeBy(dataset.name);
  }
  MK_ASSIGN_OR_RETURN(const Sides sides, ChooseSides(request, dataset));
  MK_ASSIGN_OR_RETURN(const Selection selection, Select(backend, dataset, sides));
  v1::TrainSpec spec = SpecOf(request, dataset, sides, backend.random());
  MK_RETURN_IF_ERROR(backend.engines.Check(spec));
  spec.set_source_count(selection.source_count);
  spec.set_target_count(selection.target_count);
  if (request.dry_run()) {
    *response.mutable_job()->mutable_train() = spec;
    return Estimate(backend, spec, response);
  }
  MK_RETURN_IF_ERROR(StoreSelection(backend, selection, spec));
  MK_ASSIGN_OR_RETURN(
      const JobId id,
      SubmitOnce(backend, request.request_id(), JobKind::kTrain, [&](const View& view) {
        return DecideTrain(view, backend.blobs, request, spec);
      }));
  return AnswerTrain(backend, id, response);
}

}  // namespace makeover
