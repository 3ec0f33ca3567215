#include "coordinator/model_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/messages.h"
#include "coordinator/model_decisions.h"
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

absl::Status Tag(const Backend& backend, const v1::TagCheckpointRequest& request,
                 v1::Model& response) {
  MK_RETURN_IF_ERROR(CheckName("model", request.name()));
  MK_RETURN_IF_ERROR(
      backend.coordinator.Run([&](const View& view) { return DecideTag(view, request); }));
  return Get(backend, request.name(), response);
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
