#include "coordinator/agent_service.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/errors.h"
#include "coordinator/hanging_call.h"
#include "coordinator/limits.h"
#include "coordinator/messages.h"
#include "coordinator/task_specs.h"
#include "proto/names.h"
#include "proto/status.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status CheckRegistration(const v1::RegisterRequest& request) {
  MK_RETURN_IF_ERROR(CheckName("worker", request.name()));
  if (request.identity().empty()) return errors::BadRegistration("it has no identity.");
  if (request.devices_size() > kDevicesPerWorkerMax) {
    return errors::TooMany("devices", request.devices_size(), kDevicesPerWorkerMax);
  }
  std::set<std::string> names;
  for (const v1::Device& device : request.devices()) {
    if (device.name().empty() || !names.insert(device.name()).second) {
      return errors::BadRegistration("its devices need a name each, all different.");
    }
  }
  return absl::OkStatus();
}

Worker ToWorker(const v1::RegisterRequest& request) {
  Worker worker;
  worker.name = request.name();
  worker.identity = request.identity();
  worker.version = request.version();
  for (const v1::Device& device : request.devices()) worker.devices.push_back(FromProto(device));
  return worker;
}

absl::Status Register(const Backend& backend, const v1::RegisterRequest& request,
                      v1::RegisterResponse& response) {
  MK_RETURN_IF_ERROR(CheckRegistration(request));
  const Worker worker = ToWorker(request);
  MK_RETURN_IF_ERROR(backend.coordinator.Run([&](const View& view) {
    return view.scheduler.Register(worker, request.started(), view.now);
  }));
  backend.engines.Set(request.name(), request.engine());
  response.set_lease_ms(static_cast<uint32_t>(backend.coordinator.settings().lease_ms));
  response.set_heartbeat_ms(static_cast<uint32_t>(backend.coordinator.settings().heartbeat_ms));
  return absl::OkStatus();
}

WorkerHeartbeat ToHeartbeat(const v1::HeartbeatRequest& request) {
  WorkerHeartbeat heartbeat{.worker = request.worker(),
                            .identity = request.identity(),
                            .running = {},
                            .wanted_version = request.wanted_version()};
  for (const v1::RunningTask& running : request.running()) {
    heartbeat.running.push_back(FromProto(running.lease()));
  }
  return heartbeat;
}

std::vector<TaskProgress> ProgressOf(const v1::HeartbeatRequest& request) {
  std::vector<TaskProgress> progress;
  for (const v1::RunningTask& running : request.running()) progress.push_back(FromProto(running));
  return progress;
}

absl::Status CheckReport(const v1::ReportTaskRequest& request) {
  const int most =
      std::max({request.metrics_size(), request.checkpoints_size(), request.samples_size()});
  if (most > kReportRecordsMax) return errors::TooMany("records", most, kReportRecordsMax);
  if (request.has_outcome() && (request.outcome().kind() < v1::Outcome::SUCCEEDED ||
                                request.outcome().kind() > v1::Outcome::RELEASED)) {
    return absl::InvalidArgumentError("The outcome of a report is of no known kind.");
  }
  return absl::OkStatus();
}

TaskOutcome ToOutcome(const v1::Outcome& outcome) {
  TaskOutcome result;
  result.kind = outcome.kind() == v1::Outcome::SUCCEEDED  ? OutcomeKind::kSucceeded
                : outcome.kind() == v1::Outcome::RELEASED ? OutcomeKind::kReleased
                                                          : OutcomeKind::kFailed;
  result.failure = FromProto(outcome.failure());
  result.output = FromProto(outcome.output());
  result.manifest = FromProto(outcome.manifest());
  result.files_done = outcome.files_done();
  result.files_failed = outcome.files_failed();
  for (const v1::Quarantined& picture : outcome.quarantined()) {
    result.quarantined.push_back({.dataset = 0, .row = picture.row(), .reason = picture.reason()});
  }
  return result;
}

TaskReport ToReport(const v1::ReportTaskRequest& request) {
  TaskReport report;
  report.worker = request.worker();
  report.identity = request.identity();
  report.lease = FromProto(request.lease());
  for (const v1::Metric& metric : request.metrics()) {
    report.metrics.push_back({.job = 0,
                              .step = metric.step(),
                              .values = {metric.values().begin(), metric.values().end()}});
  }
  for (const v1::Checkpoint& checkpoint : request.checkpoints()) {
    report.checkpoints.push_back({.job = 0,
                                  .step = checkpoint.step(),
                                  .blob = FromProto(checkpoint.blob()),
                                  .create_ms = 0});
  }
  for (const v1::Sample& sample : request.samples()) {
    report.samples.push_back({.job = 0, .step = sample.step(), .blob = FromProto(sample.blob())});
  }
  if (request.has_outcome()) report.outcome = ToOutcome(request.outcome());
  return report;
}

absl::Status CheckBlob(const BlobStore& blobs, absl::string_view what, const BlobRef& blob) {
  const bool fine = blob.digest.empty() || blobs.Has(blob.digest);
  return fine ? absl::OkStatus() : errors::BlobMissing(what, blob.digest);
}

absl::Status CheckBlobs(const BlobStore& blobs, const TaskReport& report) {
  for (const Checkpoint& one : report.checkpoints) {
    MK_RETURN_IF_ERROR(CheckBlob(blobs, "a checkpoint", one.blob));
  }
  for (const Sample& one : report.samples) {
    MK_RETURN_IF_ERROR(CheckBlob(blobs, "a sample", one.blob));
  }
  if (!report.outcome.has_value()) return absl::OkStatus();
  MK_RETURN_IF_ERROR(CheckBlob(blobs, "the output", report.outcome->output));
  return CheckBlob(blobs, "the manifest", report.outcome->manifest);
}

// Rows that could not be decoded belong to the dataset of the job.
absl::Status NameDataset(const View& view, TaskReport& report) {
  if (!report.outcome.has_value() || report.outcome->quarantined.empty()) return absl::OkStatus();
  const auto job = view.scheduler.state().jobs.find(report.lease.job);
  if (job == view.scheduler.state().jobs.end()) return absl::OkStatus();
  MK_ASSIGN_OR_RETURN(const Dataset dataset, view.catalog.GetDataset(job->second.dataset));
  for (Quarantined& picture : report.outcome->quarantined) picture.dataset = dataset.id;
  return absl::OkStatus();
}

absl::StatusOr<Edit> DecideReport(const View& view, const BlobStore& blobs, TaskReport report) {
  if (!view.scheduler.IsCurrent(report)) {
    MK_ASSIGN_OR_RETURN(
        const std::optional<Attempt> recorded,
        view.catalog.FindAttempt(report.lease.job, report.lease.task, report.lease.attempt));
    return view.scheduler.Report(report, recorded, view.now);
  }
  MK_RETURN_IF_ERROR(CheckBlobs(blobs, report));
  MK_RETURN_IF_ERROR(NameDataset(view, report));
  return view.scheduler.Report(report, std::nullopt, view.now);
}

absl::Status Report(const Backend& backend, const v1::ReportTaskRequest& request) {
  MK_RETURN_IF_ERROR(CheckReport(request));
  const TaskReport report = ToReport(request);
  return backend.coordinator.Run(
      [&](const View& view) { return DecideReport(view, backend.blobs, report); });
}

// The end of a log may come after the end of its attempt.
absl::Status CheckWriter(const Backend& backend, const v1::AppendLogRequest& request) {
  const LeaseKey lease = FromProto(request.lease());
  MK_ASSIGN_OR_RETURN(const std::optional<Attempt> attempt,
                      backend.catalog.FindAttempt(lease.job, lease.task, lease.attempt));
  if (attempt.has_value() && attempt->worker == request.worker()) return absl::OkStatus();
  return errors::StaleLease(lease.job, lease.task, lease.attempt);
}

absl::Status AppendTo(const Backend& backend, const v1::AppendLogRequest& request) {
  MK_RETURN_IF_ERROR(CheckWriter(backend, request));
  if (request.offset() < 0) return absl::InvalidArgumentError("A log's offset is negative.");
  MK_RETURN_IF_ERROR(
      backend.logs.Append(FromProto(request.lease()), request.offset(), request.data()));
  backend.hub.Changed(request.lease().job());
  return absl::OkStatus();
}

}  // namespace

grpc::Status AgentServiceImpl::Register(grpc::ServerContext* /*context*/,
                                        const v1::RegisterRequest* request,
                                        v1::RegisterResponse* response) {
  return ToGrpcStatus(makeover::Register(backend_, *request, *response));
}

grpc::ServerUnaryReactor* AgentServiceImpl::Heartbeat(grpc::CallbackServerContext* /*context*/,
                                                      const v1::HeartbeatRequest* request,
                                                      v1::HeartbeatResponse* response) {
  auto call = std::make_shared<HangingCall>(response);
  grpc::ServerUnaryReactor* reactor = HangingCall::MakeReactor(call);
  backend_.coordinator.Heartbeat(
      ToHeartbeat(*request), ProgressOf(*request), request->hang_ms(),
      [call, catalog = &backend_.catalog](absl::StatusOr<WantedTasks> wanted) {
        if (!wanted.ok()) return call->Answer(wanted.status(), {});
        absl::StatusOr<v1::HeartbeatResponse> described = DescribeWanted(*catalog, *wanted);
        if (!described.ok()) return call->Answer(described.status(), {});
        call->Answer(absl::OkStatus(), *std::move(described));
      });
  return reactor;
}

grpc::Status AgentServiceImpl::ReportTask(grpc::ServerContext* /*context*/,
                                          const v1::ReportTaskRequest* request,
                                          v1::ReportTaskResponse* /*response*/) {
  return ToGrpcStatus(Report(backend_, *request));
}

grpc::Status AgentServiceImpl::AppendLog(grpc::ServerContext* /*context*/,
                                         const v1::AppendLogRequest* request,
                                         v1::AppendLogResponse* /*response*/) {
  return ToGrpcStatus(AppendTo(backend_, *request));
}

}  // namespace makeover
