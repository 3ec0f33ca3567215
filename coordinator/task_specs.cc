#include "coordinator/task_specs.h"

#include <utility>

#include "coordinator/messages.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::StatusOr<v1::DatasetContent> ContentOf(const Catalog& catalog, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, catalog.GetDataset(name));
  MK_ASSIGN_OR_RETURN(const std::vector<Shard> shards, catalog.ListShards(dataset.id));
  v1::DatasetContent content;
  content.set_digest(dataset.index.digest);
  *content.mutable_index() = ToProto(dataset.index);
  for (const Shard& shard : shards) *content.add_shards() = ToProto(shard.blob);
  return content;
}

absl::Status SetTrain(const Catalog& catalog, const Job& job, const Task& task,
                      v1::TrainWork& work) {
  MK_ASSIGN_OR_RETURN(*work.mutable_dataset(), ContentOf(catalog, job.dataset));
  work.mutable_spec()->ParseFromString(job.spec);
  if (!task.checkpoint.digest.empty()) {
    *work.mutable_checkpoint() = ToProto(task.checkpoint);
    work.set_step(task.step);
  } else if (work.spec().has_resume_from()) {
    *work.mutable_checkpoint() = work.spec().resume_from();
  }
  return absl::OkStatus();
}

absl::Status SetWork(const Catalog& catalog, const Job& job, const Task& task, v1::TaskSpec& spec) {
  switch (job.kind) {
    case JobKind::kPrepare: {
      MK_ASSIGN_OR_RETURN(*spec.mutable_prepare()->mutable_dataset(),
                          ContentOf(catalog, job.dataset));
      return absl::OkStatus();
    }
    case JobKind::kTrain:
      return SetTrain(catalog, job, task, *spec.mutable_train());
    case JobKind::kConvert:
      spec.mutable_convert()->mutable_spec()->ParseFromString(job.spec);
      *spec.mutable_convert()->mutable_input() = ToProto(task.input);
      return absl::OkStatus();
    case JobKind::kEvaluate: {
      spec.mutable_evaluate()->mutable_spec()->ParseFromString(job.spec);
      MK_ASSIGN_OR_RETURN(*spec.mutable_evaluate()->mutable_dataset(),
                          ContentOf(catalog, job.dataset));
      return absl::OkStatus();
    }
    case JobKind::kPreview: {
      spec.mutable_preview()->mutable_spec()->ParseFromString(job.spec);
      MK_ASSIGN_OR_RETURN(*spec.mutable_preview()->mutable_dataset(),
                          ContentOf(catalog, job.dataset));
      return absl::OkStatus();
    }
  }
  return absl::InternalError("A job has a kind that nobody knows.");
}

}  // namespace

absl::StatusOr<v1::HeartbeatResponse> DescribeWanted(const Catalog& catalog,
                                                     const WantedTasks& wanted) {
  v1::HeartbeatResponse response;
  response.set_wanted_version(wanted.version);
  for (const auto& [job, task] : wanted.tasks) {
    v1::TaskSpec& spec = *response.add_wanted();
    *spec.mutable_lease() = ToProto(LeaseOf(task));
    for (const std::string& device : task.devices) spec.add_devices(device);
    MK_RETURN_IF_ERROR(SetWork(catalog, job, task, spec));
  }
  return response;
}

}  // namespace makeover
