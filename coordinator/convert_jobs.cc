#include "coordinator/convert_jobs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/dataset_lookup.h"
#include "coordinator/errors.h"
#include "coordinator/job_messages.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "coordinator/model_lookup.h"
#include "coordinator/submit.h"
#include "storage/filter.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status CheckRequest(const v1::CreateConvertJobRequest& request) {
  if (request.shards().empty()) return errors::NoInput();
  if (request.shards_size() > kConvertShardsMax) {
    return errors::TooMany("shards", request.shards_size(), kConvertShardsMax);
  }
  if (!request.align().empty() && request.align() != "none") {
    return errors::UnknownAlign(request.align());
  }
  const double strength = request.has_strength() ? request.strength() : 1;
  if (!(strength >= 0 && strength <= 1)) {
    return errors::OutOfBounds("--strength", strength, 0, 1);
  }
  for (const v1::ConvertShard& shard : request.shards()) {
    if (!IsDigest(shard.blob().digest())) return errors::BadDigest(shard.blob().digest());
  }
  return absl::OkStatus();
}

v1::ConvertSpec SpecOf(const v1::CreateConvertJobRequest& request, const ResolvedModel& model) {
  v1::ConvertSpec spec;
  spec.set_model(model.model.name);
  spec.set_step(model.checkpoint->step);
  *spec.mutable_checkpoint() = ToProto(model.checkpoint->blob);
  spec.set_align("none");
  spec.set_strength(request.has_strength() ? request.strength() : 1);
  return spec;
}

uint32_t FilesOf(const v1::CreateConvertJobRequest& request) {
  uint32_t files = 0;
  for (const v1::ConvertShard& shard : request.shards()) files += shard.files();
  return files;
}

Job ConvertJob(const v1::CreateConvertJobRequest& request, const v1::ConvertSpec& spec) {
  Job job;
  job.kind = JobKind::kConvert;
  job.request_id = request.request_id();
  job.owner = request.owner().substr(0, kOwnerBytesMax);
  job.description =
      absl::StrCat("convert ", FilesOf(request), " pictures with ", spec.model(), "@", spec.step());
  job.priority = request.priority();
  job.model = spec.model();
  job.spec = spec.SerializeAsString();
  job.files_skipped = request.files_skipped();
  return job;
}

std::vector<Task> TasksOf(const v1::CreateConvertJobRequest& request) {
  std::vector<Task> tasks;
  for (const v1::ConvertShard& shard : request.shards()) {
    Task& task = tasks.emplace_back();
    task.input = FromProto(shard.blob());
    task.files = shard.files();
  }
  return tasks;
}

absl::StatusOr<Edit> DecideConvert(const View& view, const BlobStore& blobs,
                                   const v1::CreateConvertJobRequest& request) {
  MK_ASSIGN_OR_RETURN(const ResolvedModel model, ResolveModel(view.catalog, request.model()));
  if (!model.checkpoint.has_value()) {
    return errors::NoCheckpointYet(model.model.name, model.model.job);
  }
  for (const v1::ConvertShard& shard : request.shards()) {
    const absl::StatusOr<int64_t> size = blobs.Size(shard.blob().digest());
    if (!size.ok() || *size != shard.blob().size()) {
      return errors::BlobMissing("the pictures", shard.blob().digest());
    }
  }
  return view.scheduler.SubmitJob(ConvertJob(request, SpecOf(request, model)), TasksOf(request),
                                  std::nullopt, view.now);
}

absl::Status AnswerConvert(const Backend& backend, JobId id,
                           v1::CreateConvertJobResponse& response) {
  MK_ASSIGN_OR_RETURN(*response.mutable_job(), DescribeJob(backend, id));
  const v1::ConvertSpec& spec = response.job().convert();
  response.set_model(absl::StrCat(spec.model(), "@", spec.step()));
  return absl::OkStatus();
}

// `limit` of them, spread over all that match.
std::vector<uint32_t> Spread(const std::vector<Catalog::SelectedRow>& rows, size_t limit) {
  std::vector<uint32_t> chosen;
  const size_t count = std::min(limit, rows.size());
  for (size_t i = 0; i < count; ++i) chosen.push_back(rows[i * rows.size() / count].row);
  return chosen;
}

Job PreviewJob(const v1::CreatePreviewJobRequest& request, const v1::PreviewSpec& spec) {
  Job job;
  job.kind = JobKind::kPreview;
  job.request_id = request.request_id();
  job.owner = request.owner().substr(0, kOwnerBytesMax);
  job.description = absl::StrCat("preview ", spec.rows_size(), " pictures of ", spec.dataset());
  job.devices_per_task = 0;
  job.dataset = spec.dataset();
  job.spec = spec.SerializeAsString();
  return job;
}

absl::StatusOr<v1::PreviewSpec> ChoosePreview(const Backend& backend,
                                              const v1::CreatePreviewJobRequest& request) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDatasetOrOnly(backend.catalog, request.dataset()));
  if (dataset.state == DatasetState::kImporting) return errors::DatasetNotUsable(dataset);
  const Outcome<Filter> filter = ParseFilter(request.filter(), dataset.attributes);
  if (!filter.ok()) return absl::InvalidArgumentError(filter.message());
  const uint32_t limit = request.limit() == 0 ? kPreviewPicturesDefault : request.limit();
  if (limit > kPreviewPicturesMax) return errors::TooMany("pictures", limit, kPreviewPicturesMax);
  MK_ASSIGN_OR_RETURN(const auto rows, backend.catalog.SelectRows(dataset.id, *filter));
  if (rows.empty()) return errors::NothingMatches(dataset.name, request.filter());
  v1::PreviewSpec spec;
  spec.set_dataset(dataset.name);
  spec.set_dataset_digest(dataset.index.digest);
  for (const uint32_t row : Spread(rows, limit)) spec.add_rows(row);
  return spec;
}

absl::StatusOr<Edit> DecidePreview(const View& view, const v1::CreatePreviewJobRequest& request,
                                   const v1::PreviewSpec& spec) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDataset(view, spec.dataset()));
  MK_RETURN_IF_ERROR(CheckSameDataset(dataset, spec.dataset_digest()));
  return view.scheduler.SubmitJob(PreviewJob(request, spec), std::vector<Task>(1), std::nullopt,
                                  view.now);
}

}  // namespace

absl::Status CreateConvertJob(const Backend& backend, const v1::CreateConvertJobRequest& request,
                              v1::CreateConvertJobResponse& response) {
  MK_RETURN_IF_ERROR(CheckRequest(request));
  MK_ASSIGN_OR_RETURN(
      const JobId id,
      SubmitOnce(backend, request.request_id(), JobKind::kConvert,
                 [&](const View& view) { return DecideConvert(view, backend.blobs, request); }));
  return AnswerConvert(backend, id, response);
}

absl::Status CreatePreviewJob(const Backend& backend, const v1::CreatePreviewJobRequest& request,
                              v1::Job& response) {
  MK_ASSIGN_OR_RETURN(const v1::PreviewSpec spec, ChoosePreview(backend, request));
  MK_ASSIGN_OR_RETURN(const JobId id, SubmitOnce(backend, request.request_id(), JobKind::kPreview,
                                                 [&](const View& view) {
                                                   return DecidePreview(view, request, spec);
                                                 }));
  MK_ASSIGN_OR_RETURN(response, DescribeJob(backend, id));
  return absl::OkStatus();
}

}  // namespace makeover
