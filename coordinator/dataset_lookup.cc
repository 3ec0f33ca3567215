#include "coordinator/dataset_lookup.h"

#include "coordinator/errors.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::StatusOr<std::vector<std::string>> Names(const Catalog& catalog) {
  MK_ASSIGN_OR_RETURN(const std::vector<Dataset> datasets, catalog.ListDatasets());
  std::vector<std::string> names;
  for (const Dataset& dataset : datasets) names.push_back(dataset.name);
  return names;
}

}  // namespace

absl::StatusOr<Dataset> FindDataset(const Catalog& catalog, const std::string& name) {
  absl::StatusOr<Dataset> found = catalog.GetDataset(name);
  if (!absl::IsNotFound(found.status())) return found;
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(catalog));
  return errors::NoSuchDataset(name, names);
}

absl::StatusOr<Dataset> FindDataset(const View& view, const std::string& name) {
  MK_ASSIGN_OR_RETURN(Dataset dataset, FindDataset(view.catalog, name));
  for (const Dataset& pending : view.pending.datasets) {
    if (pending.id == dataset.id) dataset = pending;
  }
  for (const uint32_t removed : view.pending.removed_datasets) {
    if (removed == dataset.id) return errors::NoSuchDataset(name, {});
  }
  return dataset;
}

absl::Status CheckSameDataset(const Dataset& dataset, const std::string& index_digest) {
  if (dataset.index.digest == index_digest) return absl::OkStatus();
  return errors::DatasetChanged(dataset.name);
}

absl::StatusOr<Dataset> FindDatasetOrOnly(const Catalog& catalog, const std::string& name) {
  if (!name.empty()) return FindDataset(catalog, name);
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(catalog));
  if (names.empty()) return errors::NoDataset();
  if (names.size() > 1) return errors::WhichDataset(names);
  return FindDataset(catalog, names.front());
}

}  // namespace makeover
