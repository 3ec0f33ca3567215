// The daemon does what the agent decided.
#include <signal.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "storage/status_macros.h"
#include "worker/daemon.h"
#include "worker/retry.h"
#include "worker/task_inputs.h"

namespace makeover {
namespace {

std::string Resolve(const WorkFolder& folder, const std::string& path) {
  return path.empty() || path[0] == '/' ? path : folder.In(path);
}

InputsReady NotReady(const absl::Status& status) { return {false, TransferFailure(status), false}; }

}  // namespace

Daemon::HoldingPtr Daemon::HoldingOf(const LeaseId& lease) {
  HoldingPtr& holding = holdings_[lease];
  if (holding == nullptr) holding = std::make_shared<Holding>();
  return holding;
}

std::function<void(const absl::Status&)> Daemon::Waiting(const LeaseId& lease) {
  return [this, lease](const absl::Status& why) {
    logger_.Warning("the coordinator cannot serve this now; trying again",
                    {{"lease", ToString(lease)}, {"reason", why.ToString()}});
  };
}

void Daemon::Do(const FetchInputs& action) {
  logger_.Info("taking a task", {{"lease", ToString(action.lease)}});
  transfers_.Add([this, action, holding = HoldingOf(action.lease)] {
    const InputsReady ready = Fetch(action.spec, *holding);
    Input([&](Agent& agent, int64_t now_ms) {
      return agent.OnInputsReady(action.lease, ready, now_ms);
    });
  });
}

InputsReady Daemon::Fetch(const v1::TaskSpec& spec, Holding& holding) {
  const auto cancelled = [&holding] { return holding.ended.HasBeenNotified(); };
  const FetchBlob fetch = [&](const v1::Blob& blob) -> absl::StatusOr<Cache::Pin> {
    absl::StatusOr<Cache::Pin> pin = absl::CancelledError();
    const auto download = [&](int64_t offset, const Cache::Sink& sink) {
      return client_.Download(blob.digest(), offset, sink, cancelled);
    };
    const auto get = [&] {
      pin = cache_->Get(blob.digest(), blob.size(), download);
      // With this worker's disk full, the task gives way and may go elsewhere.
      return absl::IsResourceExhausted(pin.status()) ? absl::OkStatus() : pin.status();
    };
    MK_RETURN_IF_ERROR(RetryUntil(holding.ended, get, Waiting(FromProto(spec.lease()))));
    return pin;
  };
  absl::StatusOr<TaskInputs> inputs =
      PrepareInputs(spec, FolderOf(FromProto(spec.lease())), *cache_, fetch);
  if (!inputs.ok()) return NotReady(inputs.status());
  absl::MutexLock lock(&holding.mutex);
  if (!cancelled()) holding.pins = std::move(inputs->pins);
  return {true, {}, inputs->pixels_ready};
}

void Daemon::Do(const KeepPixels& action) {
  transfers_.Add([this, action, holding = HoldingOf(action.lease)] {
    absl::StatusOr<Cache::Pin> pin = KeepPixelCache(action.spec, FolderOf(action.lease), *cache_);
    InputsReady ready{true, {}, true};
    if (pin.ok()) {
      absl::MutexLock lock(&holding->mutex);
      if (!holding->ended.HasBeenNotified()) holding->pins.push_back(*std::move(pin));
    } else {
      ready = NotReady(pin.status());
    }
    Input([&](Agent& agent, int64_t now_ms) {
      return agent.OnInputsReady(action.lease, ready, now_ms);
    });
  });
}

void Daemon::Do(const StartChild& action) {
  const EngineCommand command =
      MakeEngineCommand(action.kind, action.spec, FolderOf(action.lease), options_.engine);
  auto process = EngineProcess::Start(command, CallbacksOf(action));
  if (process.ok()) {
    logger_.Info("child started", {{"lease", ToString(action.lease)},
                                   {"command", command.arguments[0]},
                                   {"pid", std::to_string((*process)->pid())}});
    children_[action.child] = *std::move(process);
    return;
  }
  ChildExit exit;
  exit.start_error = std::string(process.status().message());
  OnChildExit(action.child, exit);
}

EngineCallbacks Daemon::CallbacksOf(const StartChild& action) {
  return {[this, child = action.child](absl::string_view line) { OnChildLine(child, line); },
          [this, action](absl::string_view bytes) { OnChildLog(action, bytes); },
          [this, child = action.child](const ChildExit& exit) { OnChildExit(child, exit); }};
}

void Daemon::OnChildLine(ChildId child, absl::string_view line) {
  const absl::StatusOr<EngineEvent> event = ParseEngineEvent(line);
  if (!event.ok()) {
    logger_.Warning("a child's line is no event",
                    {{"reason", std::string(event.status().message())}});
    return;
  }
  Input([&](Agent& agent, int64_t now_ms) { return agent.OnChildEvent(child, *event, now_ms); });
}

// What a convert child says between two requests belongs to the attempt that it was started for.
void Daemon::OnChildLog(const StartChild& action, absl::string_view bytes) {
  LeaseId owner = action.lease;
  {
    absl::MutexLock lock(&mutex_);
    owner = agent_.LogOwner(action.child).value_or(owner);
  }
  logs_.Append(owner, FolderOf(owner).log(), bytes);
}

void Daemon::OnChildExit(ChildId child, const ChildExit& exit) {
  logger_.Info("child ended", {{"child", std::to_string(child)},
                               {"status", std::to_string(exit.code)},
                               {"signal", std::to_string(exit.signal)}});
  {
    absl::MutexLock lock(&mutex_);
    dead_.push_back(child);
  }
  Input([&](Agent& agent, int64_t now_ms) { return agent.OnChildExit(child, exit, now_ms); });
}

void Daemon::Do(const SendRequest& action) {
  const auto it = children_.find(action.child);
  if (it == children_.end()) return;
  // Where it does not read any more, its exit tells the agent.
  const absl::Status written =
      it->second->WriteLine(ConvertRequestLine(action.lease, FolderOf(action.lease)));
  if (!written.ok()) logger_.Warning("a request was not read", {{"reason", written.ToString()}});
}

void Daemon::Do(const SignalChild& action) {
  const auto it = children_.find(action.child);
  if (it != children_.end()) it->second->Signal(action.kill ? SIGKILL : SIGTERM);
}

void Daemon::Do(const Upload& action) {
  transfers_.Add([this, action, holding = HoldingOf(action.lease)] {
    const Uploaded result = Store(action, *holding);
    Input([&](Agent& agent, int64_t now_ms) {
      return agent.OnUploaded(action.lease, action.ticket, result, now_ms);
    });
  });
}

Uploaded Daemon::Store(const Upload& upload, const Holding& holding) {
  const auto cancelled = [&holding] { return holding.ended.HasBeenNotified(); };
  const std::string path = Resolve(FolderOf(upload.lease), upload.path);
  absl::StatusOr<v1::Blob> blob = absl::CancelledError();
  const auto store = [&] {
    blob = path.empty() ? client_.UploadBytes(upload.bytes, cancelled)
                        : client_.UploadFile(path, cancelled);
    return blob.status();
  };
  const absl::Status stored = RetryUntil(holding.ended, store, Waiting(upload.lease));
  if (!stored.ok()) return {false, TransferFailure(stored), {}};
  std::error_code ignored;
  if (!path.empty()) std::filesystem::remove(path, ignored);
  return {true, {}, *std::move(blob)};
}

void Daemon::Do(const Report& action) {
  const LeaseId lease = FromProto(action.request.lease());
  reports_.Add([this, request = action.request, holding = HoldingOf(lease)] {
    SendReport(request, *holding);
  });
}

void Daemon::SendReport(const v1::ReportTaskRequest& request, const Holding& holding) {
  const LeaseId lease = FromProto(request.lease());
  absl::Status reported;
  const auto report = [&] {
    // Once the outcome is known the coordinator takes no more of the log.
    if (request.has_outcome()) MK_RETURN_IF_ERROR(logs_.Flush(lease));
    reported = client_.ReportTask(request);
    // Of a transfer it means "again"; of a report, that the attempt is stale.
    return absl::IsAborted(reported) ? absl::OkStatus() : reported;
  };
  const absl::Status sent = RetryUntil(holding.ended, report, Waiting(lease));
  if (!sent.ok()) reported = sent;
  if (absl::IsCancelled(reported)) return;
  if (!reported.ok()) {
    logger_.Warning("a report was refused; the attempt ends",
                    {{"lease", ToString(lease)}, {"reason", reported.ToString()}});
  } else if (request.has_outcome()) {
    logger_.Info("attempt ended", {{"lease", ToString(lease)},
                                   {"outcome", v1::Outcome::Kind_Name(request.outcome().kind())},
                                   {"reason", request.outcome().failure().message()}});
  }
  const Reported result = reported.ok() ? Reported::kAccepted : Reported::kStale;
  Input([&](Agent& agent, int64_t now_ms) { return agent.OnReported(lease, result, now_ms); });
}

void Daemon::Do(const Forget& action) {
  const auto it = holdings_.find(action.lease);
  if (it == holdings_.end()) return;
  const HoldingPtr holding = it->second;
  holdings_.erase(it);
  {
    absl::MutexLock lock(&holding->mutex);
    holding->ended.Notify();
    holding->pins.clear();
  }
  logs_.Forget(action.lease);
  std::error_code ignored;
  std::filesystem::remove_all(FolderOf(action.lease).dir(), ignored);
}

}  // namespace makeover
