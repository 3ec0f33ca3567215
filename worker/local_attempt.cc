#include "worker/local_attempt.h"

#include <utility>

namespace makeover {
namespace {

constexpr int kMetricsPerReportMax = 1'000;  // The coordinator takes ten times as many.

}  // namespace

v1::Failure MakeFailure(v1::Failure::Class failure_class, std::string code, std::string message,
                        std::string advice) {
  v1::Failure failure;
  failure.set_class_(failure_class);
  failure.set_code(std::move(code));
  failure.set_message(std::move(message));
  failure.set_advice(std::move(advice));
  return failure;
}

const char* LocalAttempt::PhaseName() const {
  switch (phase) {
    case Phase::kFetching:
      return "fetching";
    case Phase::kWaiting:
      return "waiting";
    case Phase::kPreparing:
      return "preparing";
    case Phase::kRunning:
      return "running";
    case Phase::kStopping:
      return "stopping";
    case Phase::kUploading:
      return "uploading";
  }
  return "";
}

void LocalAttempt::AddMetrics(const EngineEvent& event) {
  v1::Metric* metric = news_.add_metrics();
  metric->set_step(event.step);
  for (const auto& [name, value] : event.values) (*metric->mutable_values())[name] = value;
}

void LocalAttempt::AddFile(const EngineEvent& event) {
  manifest_ += event.manifest_line;
  manifest_ += '\n';
  if (event.status == "failed") {
    ++files_failed_;
  } else {
    ++files_done_;
  }
  progress.set_done(files_done_ + files_failed_);
  progress.set_unit("files");
}

void LocalAttempt::AddQuarantined(const EngineEvent& event) {
  v1::Quarantined quarantined;
  quarantined.set_row(event.row);
  quarantined.set_reason(event.reason);
  quarantined_.push_back(std::move(quarantined));
}

void LocalAttempt::SetProgress(const EngineEvent& event) {
  progress.set_done(event.done);
  progress.set_total(event.total);
  progress.set_unit(event.unit);
  progress.set_rate_per_second(event.rate_per_second);
  const double left = event.total - event.done;
  progress.set_eta_seconds(left > 0 && event.rate_per_second > 0 ? left / event.rate_per_second
                                                                 : 0);
}

void LocalAttempt::CountStep(uint32_t step) {
  if (!IsTrain()) return;
  if (progress.unit() != "steps") {
    progress.Clear();  // of the judge's
    progress.set_unit("steps");
  }
  if (step > progress.done()) progress.set_done(step);
}

void LocalAttempt::CountPictures(uint32_t count) {
  if (count > 0) files_done_ = count;
}

void LocalAttempt::QueueOutputFile(const std::string& path) {
  EngineEvent event;
  event.output = path;
  QueueOutput(event);
}

void LocalAttempt::QueueManifestFile(const std::string& path) {
  EngineEvent event;
  event.path = path;
  uploads_.push_back({What::kManifest, event});
}

void LocalAttempt::RestartFiles() {
  manifest_.clear();
  files_done_ = 0;
  files_failed_ = 0;
  progress.Clear();
}

void LocalAttempt::Conclude(v1::Outcome::Kind kind) {
  phase = Phase::kUploading;
  if (outcome_.has_value()) return;
  outcome_.emplace();
  outcome_->set_kind(kind);
}

void LocalAttempt::Fail(v1::Failure failure) {
  Conclude(v1::Outcome::FAILED);
  if (outcome_->kind() == v1::Outcome::FAILED && outcome_->has_failure()) return;
  outcome_->set_kind(v1::Outcome::FAILED);
  *outcome_->mutable_failure() = std::move(failure);
}

std::optional<Upload> LocalAttempt::NextUpload(uint64_t ticket) {
  if (upload_ticket_ != 0 || uploads_.empty()) return std::nullopt;
  upload_ticket_ = ticket;
  const PendingUpload& next = uploads_.front();
  Upload upload{lease(), ticket, next.event.path, ""};
  if (next.what == What::kOutput) upload.path = next.event.output;
  if (next.what == What::kManifest && upload.path.empty()) upload.bytes = manifest_;
  return upload;
}

bool LocalAttempt::OnUploaded(uint64_t ticket, const Uploaded& result) {
  if (ticket == 0 || ticket != upload_ticket_) return false;
  upload_ticket_ = 0;
  const PendingUpload done = std::move(uploads_.front());
  uploads_.pop_front();
  if (!result.ok) {
    uploads_.clear();
    Fail(result.failure);
    return true;
  }
  switch (done.what) {
    case What::kSample: {
      v1::Sample* sample = news_.add_samples();
      sample->set_step(done.event.step);
      *sample->mutable_blob() = result.blob;
      break;
    }
    case What::kCheckpoint: {
      v1::Checkpoint* checkpoint = news_.add_checkpoints();
      checkpoint->set_step(done.event.step);
      *checkpoint->mutable_blob() = result.blob;
      break;
    }
    case What::kOutput:
      output_blob_ = result.blob;
      break;
    case What::kManifest:
      manifest_blob_ = result.blob;
      break;
  }
  return true;
}

bool LocalAttempt::HasUrgentNews() const {
  if (news_.checkpoints_size() > 0 || news_.samples_size() > 0) return true;
  return outcome_.has_value() && uploads_.empty() && upload_ticket_ == 0;
}

std::optional<Report> LocalAttempt::NextReport(int64_t now_ms, int64_t interval_ms) {
  if (report_under_way_ || now_ms < ReportDueMs(interval_ms)) return std::nullopt;
  report_under_way_ = true;
  reported_ms_ = now_ms;
  Report report;
  report.request = std::exchange(news_, {});
  *report.request.mutable_lease() = spec.lease();
  // What a long silence has gathered goes in parts, and the outcome with the last of them.
  for (int i = kMetricsPerReportMax; i < report.request.metrics_size(); ++i) {
    *news_.add_metrics() = report.request.metrics(i);
  }
  if (news_.metrics_size() > 0) {
    report.request.mutable_metrics()->DeleteSubrange(kMetricsPerReportMax, news_.metrics_size());
  } else if (outcome_.has_value() && uploads_.empty() && upload_ticket_ == 0) {
    last_report_ = true;
    FillOutcome(report.request.mutable_outcome());
  }
  return report;
}

int64_t LocalAttempt::ReportDueMs(int64_t interval_ms) const {
  if (report_under_way_) return INT64_MAX;
  if (HasUrgentNews()) return INT64_MIN;
  return news_.metrics_size() > 0 ? reported_ms_ + interval_ms : INT64_MAX;
}

bool LocalAttempt::OnReportAccepted() {
  report_under_way_ = false;
  return last_report_;
}

void LocalAttempt::FillOutcome(v1::Outcome* outcome) const {
  *outcome = *outcome_;
  *outcome->mutable_progress() = progress;
  outcome->set_files_done(files_done_);
  outcome->set_files_failed(files_failed_);
  if (outcome_->kind() != v1::Outcome::SUCCEEDED) return;
  if (!output_blob_.digest().empty()) *outcome->mutable_output() = output_blob_;
  if (!manifest_blob_.digest().empty()) *outcome->mutable_manifest() = manifest_blob_;
  for (const v1::Quarantined& row : quarantined_) *outcome->add_quarantined() = row;
}

}  // namespace makeover
