#include "coordinator/evaluate_jobs.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/dataset_lookup.h"
#include "coordinator/errors.h"
#include "coordinator/job_messages.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "coordinator/model_lookup.h"
#include "coordinator/submit.h"
#include "proto/names.h"
#include "storage/filter.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

// The model's filters must mean something in this dataset.
absl::Status CheckFilters(const v1::TrainSpec& train, const Dataset& dataset) {
  for (const std::string* expression : {&train.source(), &train.target()}) {
    const Outcome<Filter> filter = ParseFilter(*expression, dataset.attributes);
    if (!filter.ok()) return errors::OtherFilters(dataset.name, filter.message());
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::EvaluateSpec> ChooseEvaluation(const Catalog& catalog,
                                                  const v1::CreateEvaluateJobRequest& request) {
  // Whoever measures says what: nobody means "the newest" by an empty name.
  MK_RETURN_IF_ERROR(ParseModelRef(request.model()).status());
  MK_ASSIGN_OR_RETURN(const ResolvedModel model, ResolveModel(catalog, request.model()));
  if (!model.checkpoint.has_value()) {
    return errors::NoCheckpointYet(model.model.name, model.model.job);
  }
  v1::EvaluateSpec spec;
  spec.mutable_train()->ParseFromString(model.job.spec);
  const std::string& wanted =
      request.dataset().empty() ? spec.train().dataset() : request.dataset();
  MK_ASSIGN_OR_RETURN(const Dataset dataset, FindDatasetOrOnly(catalog, wanted));
  if (dataset.attributes.empty()) return errors::NothingToJudgeBy(dataset.name);
  if (dataset.state != DatasetState::kReady) return errors::DatasetNotUsable(dataset);
  MK_RETURN_IF_ERROR(CheckFilters(spec.train(), dataset));
  spec.set_model(model.model.name);
  spec.set_step(model.checkpoint->step);
  *spec.mutable_checkpoint() = ToProto(model.checkpoint->blob);
  spec.set_dataset(dataset.name);
  spec.set_dataset_digest(dataset.index.digest);
  return spec;
}

Job EvaluateJob(const v1::CreateEvaluateJobRequest& request, const v1::EvaluateSpec& spec) {
  Job job;
  job.kind = JobKind::kEvaluate;
  job.request_id = request.request_id();
  job.owner = request.owner().substr(0, kOwnerBytesMax);
  job.description =
      absl::StrCat("evaluate ", spec.model(), "@", spec.step(), " on ", spec.dataset());
  job.priority = request.priority();
  job.dataset = spec.dataset();
  job.model = spec.model();
  job.spec = spec.SerializeAsString();
  return job;
}

}  // namespace

absl::Status CreateEvaluateJob(const Backend& backend, const v1::CreateEvaluateJobRequest& request,
                               v1::Job& response) {
  MK_ASSIGN_OR_RETURN(const JobId id,
                      SubmitOnce(backend, request.request_id(), JobKind::kEvaluate,
                                 [&](const View& view) -> absl::StatusOr<Edit> {
                                   MK_ASSIGN_OR_RETURN(const v1::EvaluateSpec spec,
                                                       ChooseEvaluation(view.catalog, request));
                                   MK_RETURN_IF_ERROR(FindDataset(view, spec.dataset()).status());
                                   return view.scheduler.SubmitJob(EvaluateJob(request, spec),
                                                                   std::vector<Task>(1),
                                                                   std::nullopt, view.now);
                                 }));
  MK_ASSIGN_OR_RETURN(response, DescribeJob(backend, id));
  return absl::OkStatus();
}

}  // namespace makeover
