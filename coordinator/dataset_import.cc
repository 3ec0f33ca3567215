#include "coordinator/dataset_import.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "coordinator/dataset_index.h"
#include "coordinator/dataset_lookup.h"
#include "coordinator/errors.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "proto/names.h"
#include "storage/filter.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

bool IsPlain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) || static_cast<signed char>(c) < 0;
  });
}

absl::Status CheckCreate(const v1::CreateDatasetRequest& request) {
  MK_RETURN_IF_ERROR(CheckName("dataset", request.name()));
  if (request.attributes_size() > kAttributesMax) {
    return errors::TooMany("attributes", request.attributes_size(), kAttributesMax);
  }
  std::set<std::string> seen;
  for (const std::string& attribute : request.attributes()) {
    if (!IsPlain(attribute) || !seen.insert(FoldName(attribute)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", attribute, "\" cannot be the name of an attribute: each needs a name ",
                       "of its own, without blanks."));
    }
  }
  return absl::OkStatus();
}

absl::Status AnswerCreated(const Catalog& catalog, const Dataset& dataset,
                           v1::CreateDatasetResponse& response) {
  *response.mutable_dataset() = ToProto(dataset);
  MK_ASSIGN_OR_RETURN(const std::vector<Shard> shards, catalog.ListShards(dataset.id));
  for (const Shard& shard : shards) *response.add_stored_shards() = ToProto(shard.blob);
  return absl::OkStatus();
}

Dataset NewDataset(const v1::CreateDatasetRequest& request, TimeMs now) {
  Dataset dataset;
  dataset.name = request.name();
  dataset.owner = request.owner().substr(0, kOwnerBytesMax);
  dataset.attributes = {request.attributes().begin(), request.attributes().end()};
  dataset.create_ms = now;
  return dataset;
}

bool IsSafe(const std::string& name) {
  return !name.empty() && name.size() <= kPictureNameBytesMax &&
         name.find_first_of("\n\r\0", 0, 3) == std::string::npos;
}

absl::Status CheckItem(const v1::Item& item, int64_t shard_size, size_t attributes) {
  if (!IsSafe(item.name())) return errors::BadItem("a picture's name has no length or a line end.");
  if (item.offset() < 0 || item.offset() > shard_size ||
      item.size() > static_cast<uint64_t>(shard_size - item.offset())) {
    return errors::BadItem(absl::StrCat("picture ", item.name(), " lies outside of its shard."));
  }
  if (attributes < 64 && (item.attributes() >> attributes) != 0) {
    return errors::BadItem(absl::StrCat("picture ", item.name(), " has unknown attributes."));
  }
  if (item.partition() < -1 || item.partition() > 2) {
    return errors::BadItem(absl::StrCat("picture ", item.name(), " has an unknown partition."));
  }
  return absl::OkStatus();
}

Item ToItem(const v1::Item& item, uint32_t shard) {
  return {.name = item.name(),
          .shard = shard,
          .offset = item.offset(),
          .size = item.size(),
          .attributes = item.attributes(),
          .partition = item.partition(),
          .identity = item.identity()};
}

absl::StatusOr<std::vector<Item>> CheckItems(const v1::AddShardRequest& request,
                                             const Dataset& dataset) {
  if (request.items_size() > kShardRowsMax) {
    return errors::TooMany("pictures", request.items_size(), kShardRowsMax);
  }
  std::vector<Item> items;
  items.reserve(request.items_size());
  for (const v1::Item& item : request.items()) {
    MK_RETURN_IF_ERROR(CheckItem(item, request.blob().size(), dataset.attributes.size()));
    items.push_back(ToItem(item, request.shard()));
  }
  return items;
}

bool IsStored(const Catalog& catalog, const Dataset& dataset, const v1::AddShardRequest& request) {
  const absl::StatusOr<std::vector<Shard>> shards = catalog.ListShards(dataset.id);
  return shards.ok() && request.shard() < shards->size() &&
         (*shards)[request.shard()].blob == FromProto(request.blob());
}

absl::Status CheckShard(const Backend& backend, const Dataset& dataset,
                        const v1::AddShardRequest& request) {
  if (dataset.state != DatasetState::kImporting) return errors::DatasetNotImporting(dataset);
  if (request.shard() != dataset.shards) return errors::NotTheNextShard(dataset, request.shard());
  if (request.shard() >= kShardsPerDatasetMax) {
    return errors::TooMany("shards", request.shard() + 1, kShardsPerDatasetMax);
  }
  if (uint64_t{dataset.items} + request.items_size() > kRowsPerDatasetMax) {
    return errors::TooMany("pictures in one dataset",
                           uint64_t{dataset.items} + request.items_size(), kRowsPerDatasetMax);
  }
  if (!IsDigest(request.blob().digest())) return errors::BadDigest(request.blob().digest());
  const absl::StatusOr<int64_t> size = backend.blobs.Size(request.blob().digest());
  if (!size.ok() || *size != request.blob().size()) {
    return errors::BlobMissing(absl::StrCat("shard ", request.shard()), request.blob().digest());
  }
  return absl::OkStatus();
}

Job PrepareJob(const Dataset& dataset) {
  Job job;
  job.kind = JobKind::kPrepare;
  job.owner = dataset.owner;
  job.description = absl::StrCat("prepare ", dataset.name, ", ", dataset.items, " pictures");
  job.devices_per_task = 0;
  job.dataset = dataset.name;
  return job;
}

absl::Status CheckFinish(const Dataset& dataset, uint32_t shards) {
  if (dataset.shards != shards) return errors::ShardsMissing(dataset, shards);
  if (dataset.items == 0) return errors::EmptyDataset(dataset.name);
  return absl::OkStatus();
}

absl::StatusOr<Edit> DecideFinish(const View& view, const BlobStore& blobs,
                                  const v1::FinishImportRequest& request, const BlobRef& index) {
  MK_ASSIGN_OR_RETURN(Dataset dataset, FindDataset(view, request.dataset()));
  MK_RETURN_IF_ERROR(CheckFinish(dataset, request.shards()));
  if (dataset.state != DatasetState::kImporting) return Edit{};
  if (!blobs.Has(index.digest)) return errors::BlobMissing("the index", index.digest);
  MK_ASSIGN_OR_RETURN(Edit edit, view.scheduler.SubmitJob(PrepareJob(dataset), std::vector<Task>(1),
                                                          std::nullopt, view.now));
  dataset.state = DatasetState::kPreparing;
  dataset.index = index;
  dataset.prepare_job = edit.jobs.front().id;
  edit.datasets.push_back(std::move(dataset));
  return edit;
}

}  // namespace

absl::Status CreateDataset(const Backend& backend, const v1::CreateDatasetRequest& request,
                           v1::CreateDatasetResponse& response) {
  MK_RETURN_IF_ERROR(CheckCreate(request));
  const Dataset dataset = NewDataset(request, backend.coordinator.NowMs());
  const absl::Status created = backend.coordinator.Run([&](const View&) -> absl::StatusOr<Edit> {
    // Rows of datasets are too many for an Edit; they are written here, in the one order of all.
    const auto id = backend.catalog.CreateDataset(dataset);
    if (!id.ok() && !absl::IsAlreadyExists(id.status())) return id.status();
    return Edit{};
  });
  MK_RETURN_IF_ERROR(created);
  MK_ASSIGN_OR_RETURN(const Dataset stored, backend.catalog.GetDataset(dataset.name));
  if (stored.attributes != dataset.attributes) return errors::OtherAttributes(dataset.name);
  return AnswerCreated(backend.catalog, stored, response);
}

absl::Status AddShard(const Backend& backend, const v1::AddShardRequest& request) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDataset(backend.catalog, request.dataset()));
  MK_ASSIGN_OR_RETURN(const std::vector<Item> items, CheckItems(request, dataset));
  const Shard shard{.dataset = dataset.id,
                    .index = request.shard(),
                    .blob = FromProto(request.blob()),
                    .items = static_cast<uint32_t>(items.size())};
  return backend.coordinator.Run([&](const View& view) -> absl::StatusOr<Edit> {
    MK_ASSIGN_OR_RETURN(const Dataset now, FindDataset(view, request.dataset()));
    if (IsStored(view.catalog, now, request)) return Edit{};
    MK_RETURN_IF_ERROR(CheckShard(backend, now, request));
    MK_RETURN_IF_ERROR(backend.catalog.AddShard(shard, items));
    return Edit{};
  });
}

absl::Status FinishImport(const Backend& backend, const v1::FinishImportRequest& request,
                          v1::Dataset& response) {
  MK_ASSIGN_OR_RETURN(Dataset dataset, FindDataset(backend.catalog, request.dataset()));
  MK_RETURN_IF_ERROR(CheckFinish(dataset, request.shards()));
  if (dataset.state == DatasetState::kImporting) {
    const std::string temporary =
        absl::StrCat(backend.data_dir, "/tmp/", absl::Hex(backend.random()), ".index");
    MK_ASSIGN_OR_RETURN(const BlobRef index,
                        StoreIndex(backend.catalog, backend.blobs, dataset, temporary));
    MK_RETURN_IF_ERROR(backend.coordinator.Run(
        [&](const View& view) { return DecideFinish(view, backend.blobs, request, index); }));
  }
  MK_ASSIGN_OR_RETURN(dataset, FindDataset(backend.catalog, request.dataset()));
  response = ToProto(dataset);
  return absl::OkStatus();
}

}  // namespace makeover
