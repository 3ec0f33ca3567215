#include "coordinator/dataset_service.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/dataset_import.h"
#include "coordinator/dataset_lookup.h"
#include "coordinator/errors.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "proto/status.h"
#include "storage/filter.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status Get(const Backend& backend, const std::string& name, v1::Dataset& response) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDataset(backend.catalog, name));
  response = ToProto(dataset);
  MK_ASSIGN_OR_RETURN(const std::vector<uint32_t> counts,
                      backend.catalog.CountAttributes(dataset.id));
  for (size_t i = 0; i < counts.size() && i < dataset.attributes.size(); ++i) {
    v1::AttributeCount& count = *response.add_attribute_counts();
    count.set_attribute(dataset.attributes[i]);
    count.set_count(counts[i]);
  }
  return absl::OkStatus();
}

absl::Status List(const Backend& backend, v1::ListDatasetsResponse& response) {
  MK_ASSIGN_OR_RETURN(const std::vector<Dataset> datasets, backend.catalog.ListDatasets());
  for (const Dataset& dataset : datasets) *response.add_datasets() = ToProto(dataset);
  return absl::OkStatus();
}

absl::Status Count(const Backend& backend, const v1::CountItemsRequest& request,
                   v1::CountItemsResponse& response) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDatasetOrOnly(backend.catalog, request.dataset()));
  const std::string expression =
      request.clean() ? WithCleaning(request.filter(), dataset.attributes) : request.filter();
  const Outcome<Filter> filter = ParseFilter(expression, dataset.attributes);
  if (!filter.ok()) return absl::InvalidArgumentError(filter.message());
  MK_ASSIGN_OR_RETURN(const uint32_t count, backend.catalog.CountItems(dataset.id, *filter));
  response.set_count(count);
  response.set_filter(expression);
  return absl::OkStatus();
}

// Names of rows; ends as soon as the last one is found.
absl::StatusOr<std::map<uint32_t, std::string>> NamesOf(const Catalog& catalog, uint32_t dataset,
                                                        const std::vector<Quarantined>& pictures) {
  std::map<uint32_t, std::string> names;
  for (const Quarantined& picture : pictures) names[picture.row];
  if (names.empty()) return names;
  const uint32_t last = names.rbegin()->first;
  const absl::Status read =
      catalog.ForEachItem(dataset, [&](uint32_t row, const Item& item) -> absl::Status {
        const auto wanted = names.find(row);
        if (wanted != names.end()) wanted->second = item.name;
        return row < last ? absl::OkStatus() : absl::CancelledError();
      });
  if (!read.ok() && !absl::IsCancelled(read)) return read;
  return names;
}

absl::Status ListBad(const Backend& backend, const v1::ListQuarantinedRequest& request,
                     v1::ListQuarantinedResponse& response) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDataset(backend.catalog, request.dataset()));
  const uint32_t limit = request.limit() == 0 ? kQuarantinedDefault : request.limit();
  MK_ASSIGN_OR_RETURN(const std::vector<Quarantined> pictures,
                      backend.catalog.ListQuarantined(dataset.id, limit));
  MK_ASSIGN_OR_RETURN(const auto names, NamesOf(backend.catalog, dataset.id, pictures));
  for (const Quarantined& picture : pictures) {
    v1::ListQuarantinedResponse::Picture& listed = *response.add_pictures();
    listed.set_row(picture.row);
    listed.set_name(names.at(picture.row));
    listed.set_reason(picture.reason);
  }
  return absl::OkStatus();
}

absl::StatusOr<Edit> DecideDelete(const View& view, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDataset(view, name));
  for (const auto& [id, job] : view.scheduler.state().jobs) {
    if (job.dataset == name) return errors::DatasetInUse(name, id);
  }
  Edit edit;
  edit.removed_datasets.push_back(dataset.id);
  return edit;
}

}  // namespace

grpc::Status DatasetServiceImpl::CreateDataset(grpc::ServerContext* /*context*/,
                                               const v1::CreateDatasetRequest* request,
                                               v1::CreateDatasetResponse* response) {
  return ToGrpcStatus(makeover::CreateDataset(backend_, *request, *response));
}

grpc::Status DatasetServiceImpl::AddShard(grpc::ServerContext* /*context*/,
                                          const v1::AddShardRequest* request,
                                          v1::AddShardResponse* /*response*/) {
  return ToGrpcStatus(makeover::AddShard(backend_, *request));
}

grpc::Status DatasetServiceImpl::FinishImport(grpc::ServerContext* /*context*/,
                                              const v1::FinishImportRequest* request,
                                              v1::Dataset* response) {
  return ToGrpcStatus(makeover::FinishImport(backend_, *request, *response));
}

grpc::Status DatasetServiceImpl::GetDataset(grpc::ServerContext* /*context*/,
                                            const v1::GetDatasetRequest* request,
                                            v1::Dataset* response) {
  return ToGrpcStatus(Get(backend_, request->name(), *response));
}

grpc::Status DatasetServiceImpl::ListDatasets(grpc::ServerContext* /*context*/,
                                              const v1::ListDatasetsRequest* /*request*/,
                                              v1::ListDatasetsResponse* response) {
  return ToGrpcStatus(List(backend_, *response));
}

grpc::Status DatasetServiceImpl::CountItems(grpc::ServerContext* /*context*/,
                                            const v1::CountItemsRequest* request,
                                            v1::CountItemsResponse* response) {
  return ToGrpcStatus(Count(backend_, *request, *response));
}

grpc::Status DatasetServiceImpl::ListQuarantined(grpc::ServerContext* /*context*/,
                                                 const v1::ListQuarantinedRequest* request,
                                                 v1::ListQuarantinedResponse* response) {
  return ToGrpcStatus(ListBad(backend_, *request, *response));
}

grpc::Status DatasetServiceImpl::DeleteDataset(grpc::ServerContext* /*context*/,
                                               const v1::DeleteDatasetRequest* request,
                                               google::protobuf::Empty* /*response*/) {
  return ToGrpcStatus(backend_.coordinator.Run(
      [&](const View& view) { return DecideDelete(view, request->name()); }));
}

}  // namespace makeover
