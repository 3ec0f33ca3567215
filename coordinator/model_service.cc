#include "coordinator/model_service.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/consequences.h"
#include "coordinator/errors.h"
#include "coordinator/messages.h"
#include "coordinator/model_lookup.h"
#include "proto/names.h"
#include "proto/status.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

v1::Model ToMessage(const ResolvedModel& model) {
  v1::TrainSpec spec;
  spec.ParseFromString(model.job.spec);
  v1::Model message;
  message.set_name(model.model.name);
  message.set_job(model.model.job);
  message.set_tagged(model.model.step != 0);
  message.set_finished(model.job.state == JobState::kSucceeded);
  message.set_recipe(spec.recipe());
  message.set_dataset(spec.dataset());
  message.set_source(spec.source());
  message.set_target(spec.target());
  *message.mutable_create_time() = ToProto(model.model.create_ms);
  if (model.checkpoint.has_value()) {
    message.set_step(model.checkpoint->step);
    *message.mutable_checkpoint() = ToProto(model.checkpoint->blob);
  }
  for (const Checkpoint& checkpoint : model.checkpoints) message.add_steps(checkpoint.step);
  return message;
}

absl::Status Get(const Backend& backend, const std::string& name, v1::Model& response) {
  MK_ASSIGN_OR_RETURN(const ResolvedModel model, ResolveModel(backend.catalog, name));
  response = ToMessage(model);
  return absl::OkStatus();
}

absl::Status List(const Backend& backend, v1::ListModelsResponse& response) {
  MK_ASSIGN_OR_RETURN(std::vector<Model> models, backend.catalog.ListModels());
  for (Model& model : models) {
    MK_ASSIGN_OR_RETURN(const ResolvedModel resolved,
                        Resolve(backend.catalog, std::move(model), std::nullopt));
    *response.add_models() = ToMessage(resolved);
  }
  return absl::OkStatus();
}

absl::Status CheckFree(const View& view, const Model& tag) {
  for (const Model& pending : view.pending.models) {
    if (pending.name == tag.name) return errors::ModelExists(tag.name);
  }
  const absl::StatusOr<Model> known = view.catalog.GetModel(tag.name);
  if (absl::IsNotFound(known.status())) return absl::OkStatus();
  MK_RETURN_IF_ERROR(known.status());
  const bool same = known->job == tag.job && known->step == tag.step;
  return same ? absl::OkStatus() : errors::ModelExists(tag.name);
}

absl::StatusOr<Edit> DecideTag(const View& view, const v1::TagCheckpointRequest& request) {
  const absl::StatusOr<Job> job = view.catalog.GetJob(request.job());
  if (!job.ok() || job->kind != JobKind::kTrain) return errors::NoSuchJob(request.job());
  Model tag{.name = request.name(), .job = request.job(), .step = 0, .create_ms = view.now};
  const std::optional<uint32_t> step =
      request.step() == 0 ? std::nullopt : std::optional<uint32_t>(request.step());
  MK_ASSIGN_OR_RETURN(const ResolvedModel resolved, Resolve(view.catalog, tag, step));
  if (!resolved.checkpoint.has_value()) return errors::NoCheckpointYet(tag.name, tag.job);
  tag.step = resolved.checkpoint->step;
  // One that is being retired in this very round cannot be kept any more.
  for (const Checkpoint& gone : view.pending.removed_checkpoints) {
    if (gone.job == tag.job && gone.step == tag.step) {
      return errors::NoSuchStep(tag.name, tag.step, {});
    }
  }
  MK_RETURN_IF_ERROR(CheckFree(view, tag));
  Edit edit;
  edit.models.push_back(std::move(tag));
  return edit;
}

absl::Status Tag(const Backend& backend, const v1::TagCheckpointRequest& request,
                 v1::Model& response) {
  MK_RETURN_IF_ERROR(CheckName("model", request.name()));
  MK_RETURN_IF_ERROR(
      backend.coordinator.Run([&](const View& view) { return DecideTag(view, request); }));
  return Get(backend, request.name(), response);
}

absl::Status CheckUnused(const View& view, const ResolvedModel& model) {
  for (const auto& [id, job] : view.scheduler.state().jobs) {
    if (model.model.step == 0 && id == model.model.job) {
      return errors::ModelInTraining(model.model.name, id);
    }
    if (job.kind == JobKind::kConvert && job.model == model.model.name) {
      return errors::ModelInUse(model.model.name, id);
    }
  }
  return absl::OkStatus();
}

// Those that no other name keeps: with a training's own name, all that are not tagged.
absl::StatusOr<std::vector<Checkpoint>> LoseWith(const View& view, const ResolvedModel& model) {
  MK_ASSIGN_OR_RETURN(const std::vector<Model> models, view.catalog.ListModels());
  std::set<uint32_t> kept;
  bool has_own_name = false;
  for (const Model& other : models) {
    if (other.job != model.model.job || other.name == model.model.name) continue;
    if (other.step == 0) has_own_name = true;
    kept.insert(other.step);
  }
  if (has_own_name || view.scheduler.state().jobs.count(model.model.job) > 0) {
    return CheckpointsToRemove(model.checkpoints, kept);
  }
  std::vector<Checkpoint> lost;
  for (const Checkpoint& checkpoint : model.checkpoints) {
    if (kept.count(checkpoint.step) == 0) lost.push_back(checkpoint);
  }
  return lost;
}

absl::StatusOr<Edit> DecideDelete(const View& view, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const ResolvedModel model, ResolveModel(view.catalog, name));
  MK_RETURN_IF_ERROR(CheckUnused(view, model));
  Edit edit;
  edit.removed_models.push_back(model.model.name);
  MK_ASSIGN_OR_RETURN(edit.removed_checkpoints, LoseWith(view, model));
  return edit;
}

absl::Status Delete(const Backend& backend, const std::string& name) {
  MK_RETURN_IF_ERROR(CheckName("model", name));
  return backend.coordinator.Run([&](const View& view) { return DecideDelete(view, name); });
}

}  // namespace

grpc::Status ModelServiceImpl::GetModel(grpc::ServerContext* /*context*/,
                                        const v1::GetModelRequest* request, v1::Model* response) {
  return ToGrpcStatus(Get(backend_, request->name(), *response));
}

grpc::Status ModelServiceImpl::ListModels(grpc::ServerContext* /*context*/,
                                          const v1::ListModelsRequest* /*request*/,
                                          v1::ListModelsResponse* response) {
  return ToGrpcStatus(List(backend_, *response));
}

grpc::Status ModelServiceImpl::TagCheckpoint(grpc::ServerContext* /*context*/,
                                             const v1::TagCheckpointRequest* request,
                                             v1::Model* response) {
  return ToGrpcStatus(Tag(backend_, *request, *response));
}

grpc::Status ModelServiceImpl::DeleteModel(grpc::ServerContext* /*context*/,
                                           const v1::DeleteModelRequest* request,
                                           google::protobuf::Empty* /*response*/) {
  return ToGrpcStatus(Delete(backend_, request->name()));
}

}  // namespace makeover
