#include "coordinator/messages.h"

namespace makeover {
namespace {

const char* OutcomeName(AttemptOutcome outcome) {
  switch (outcome) {
    case AttemptOutcome::kRunning:
      return "running";
    case AttemptOutcome::kSucceeded:
      return "succeeded";
    case AttemptOutcome::kReleased:
      return "released";
    case AttemptOutcome::kFailed:
      return "failed";
    case AttemptOutcome::kLost:
      return "lost";
  }
  return "";
}

}  // namespace

google::protobuf::Timestamp ToProto(TimeMs time_ms) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(time_ms / 1000);
  timestamp.set_nanos(static_cast<int32_t>(time_ms % 1000) * 1'000'000);
  return timestamp;
}

v1::Blob ToProto(const BlobRef& blob) {
  v1::Blob message;
  message.set_digest(blob.digest);
  message.set_size(blob.size);
  return message;
}

BlobRef FromProto(const v1::Blob& blob) { return {blob.digest(), blob.size()}; }

v1::Failure ToProto(const Failure& failure) {
  v1::Failure message;
  message.set_class_(static_cast<v1::Failure::Class>(failure.failure_class));
  message.set_code(failure.code);
  message.set_message(failure.message);
  message.set_advice(failure.advice);
  return message;
}

Failure FromProto(const v1::Failure& failure) {
  const bool known = v1::Failure::Class_IsValid(failure.class_());
  return {known ? static_cast<FailureClass>(failure.class_()) : FailureClass::kTask, failure.code(),
          failure.message(), failure.advice()};
}

v1::Lease ToProto(const LeaseKey& lease) {
  v1::Lease message;
  message.set_job(lease.job);
  message.set_task(lease.task);
  message.set_attempt(lease.attempt);
  return message;
}

LeaseKey FromProto(const v1::Lease& lease) { return {lease.job(), lease.task(), lease.attempt()}; }

v1::Device ToProto(const Device& device) {
  v1::Device message;
  message.set_name(device.name);
  message.set_kind(device.kind);
  message.set_description(device.description);
  message.set_memory_bytes(device.memory_bytes);
  message.set_bf16(device.bf16);
  return message;
}

Device FromProto(const v1::Device& device) {
  return {.name = device.name(),
          .kind = device.kind(),
          .description = device.description(),
          .memory_bytes = device.memory_bytes(),
          .bf16 = device.bf16()};
}

v1::Dataset ToProto(const Dataset& dataset) {
  v1::Dataset message;
  message.set_id(dataset.id);
  message.set_name(dataset.name);
  message.set_state(static_cast<v1::Dataset::State>(dataset.state));
  *message.mutable_create_time() = ToProto(dataset.create_ms);
  for (const std::string& attribute : dataset.attributes) message.add_attributes(attribute);
  message.set_items(dataset.items);
  message.set_shards(dataset.shards);
  message.set_size(dataset.size);
  message.set_quarantined(dataset.quarantined);
  message.set_digest(dataset.index.digest);
  message.set_prepare_job(dataset.prepare_job);
  message.set_owner(dataset.owner);
  if (dataset.failure != Failure{}) *message.mutable_failure() = ToProto(dataset.failure);
  return message;
}

v1::Attempt ToProto(const Attempt& attempt) {
  v1::Attempt message;
  message.set_task(attempt.task);
  message.set_attempt(attempt.attempt);
  message.set_worker(attempt.worker);
  for (const std::string& device : attempt.devices) message.add_devices(device);
  *message.mutable_start_time() = ToProto(attempt.start_ms);
  if (attempt.end_ms != 0) *message.mutable_end_time() = ToProto(attempt.end_ms);
  message.set_outcome(OutcomeName(attempt.outcome));
  if (attempt.failure != Failure{}) *message.mutable_failure() = ToProto(attempt.failure);
  return message;
}

v1::Checkpoint ToProto(const Checkpoint& checkpoint) {
  v1::Checkpoint message;
  message.set_step(checkpoint.step);
  *message.mutable_blob() = ToProto(checkpoint.blob);
  *message.mutable_create_time() = ToProto(checkpoint.create_ms);
  return message;
}

v1::Sample ToProto(const Sample& sample) {
  v1::Sample message;
  message.set_step(sample.step);
  *message.mutable_blob() = ToProto(sample.blob);
  return message;
}

v1::Metric ToProto(const Metric& metric) {
  v1::Metric message;
  message.set_step(metric.step);
  message.mutable_values()->insert(metric.values.begin(), metric.values.end());
  return message;
}

v1::Task ToProto(const Task& task) {
  v1::Task message;
  message.set_task(task.index);
  message.set_state(static_cast<v1::Task::State>(task.state));
  message.set_attempt(task.attempt);
  message.set_worker(task.worker);
  message.set_files(task.files);
  if (!task.input.digest.empty()) *message.mutable_input() = ToProto(task.input);
  if (!task.output.digest.empty()) *message.mutable_output() = ToProto(task.output);
  if (!task.manifest.digest.empty()) *message.mutable_manifest() = ToProto(task.manifest);
  if (task.failure != Failure{}) *message.mutable_failure() = ToProto(task.failure);
  return message;
}

v1::Progress ToProto(const TaskProgress& progress) {
  v1::Progress message;
  message.set_done(progress.done);
  message.set_total(progress.total);
  message.set_unit(progress.unit);
  message.set_rate_per_second(progress.rate_per_second);
  message.set_eta_seconds(progress.eta_seconds);
  return message;
}

TaskProgress FromProto(const v1::RunningTask& running) {
  return {.lease = FromProto(running.lease()),
          .phase = running.phase(),
          .done = running.progress().done(),
          .total = running.progress().total(),
          .unit = running.progress().unit(),
          .rate_per_second = running.progress().rate_per_second(),
          .eta_seconds = running.progress().eta_seconds()};
}

}  // namespace makeover
