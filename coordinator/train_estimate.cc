#include "coordinator/train_estimate.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "coordinator/limits.h"
#include "storage/face_window.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr uint32_t kJobsLookedAt = 100;  // So far back is a training looked for.
// Of the default recipe, at the default size.
constexpr double kImagesPerSecondCpu = 50;
constexpr double kImagesPerSecondCuda = 1'500;

double PixelsOf(const FaceWindow& window) {
  return static_cast<double>(window.width) * window.height;
}

double PixelsOf(const v1::TrainSpec& spec) {
  const Outcome<FaceWindow> window = FaceWindowOf({spec.settings().begin(), spec.settings().end()});
  return PixelsOf(window.ok() ? *window : FaceWindow());
}

// What a training came to: nothing before its first metrics.
absl::StatusOr<std::optional<double>> RateOf(const Catalog& catalog, JobId job) {
  MK_ASSIGN_OR_RETURN(const std::optional<Metric> last, catalog.LastMetric(job));
  if (!last.has_value()) return std::nullopt;
  const auto rate = last->values.find("imagesPerSecond");
  if (rate == last->values.end() || !(rate->second > 0)) return std::nullopt;
  return rate->second;
}

int Likeness(const v1::TrainSpec& one, const v1::TrainSpec& other) {
  return (one.recipe() == other.recipe() ? 2 : 0) + (PixelsOf(one) == PixelsOf(other) ? 1 : 0);
}

absl::StatusOr<double> RoughRate(const Backend& backend, const v1::TrainSpec& spec) {
  bool cuda = false;
  MK_RETURN_IF_ERROR(backend.coordinator.Read([&](const View& view) {
    for (const auto& [name, worker] : view.scheduler.state().workers) {
      for (const Device& device : worker.devices) cuda = cuda || device.kind == "cuda";
    }
  }));
  return (cuda ? kImagesPerSecondCuda : kImagesPerSecondCpu) * PixelsOf(FaceWindow()) /
         PixelsOf(spec);
}

}  // namespace

absl::StatusOr<double> ExpectedImagesPerSecond(const Backend& backend, const v1::TrainSpec& spec) {
  MK_ASSIGN_OR_RETURN(const std::vector<Job> jobs, backend.catalog.ListJobs(0, kJobsLookedAt));
  double best = 0;
  int best_likeness = -1;
  for (const Job& job : jobs) {
    if (job.kind != JobKind::kTrain) continue;
    v1::TrainSpec other;
    other.ParseFromString(job.spec);
    if (Likeness(spec, other) <= best_likeness) continue;
    MK_ASSIGN_OR_RETURN(const std::optional<double> rate, RateOf(backend.catalog, job.id));
    if (!rate.has_value()) continue;
    best = *rate * PixelsOf(other) / PixelsOf(spec);
    best_likeness = Likeness(spec, other);
  }
  if (best_likeness >= 0) return best;
  return RoughRate(backend, spec);
}

absl::Status EstimateTraining(const Backend& backend, const v1::TrainSpec& spec,
                              v1::CreateTrainJobResponse& response) {
  MK_ASSIGN_OR_RETURN(const double rate, ExpectedImagesPerSecond(backend, spec));
  const double steps_per_second = rate / spec.batch_size();
  const bool by_time = spec.time_seconds() > 0;
  response.set_steps(by_time ? static_cast<uint32_t>(std::min<double>(
                                   spec.time_seconds() * steps_per_second, kStepsMax))
                             : spec.steps());
  response.set_estimated_seconds(by_time ? spec.time_seconds() : spec.steps() / steps_per_second);
  return absl::OkStatus();
}

}  // namespace makeover
