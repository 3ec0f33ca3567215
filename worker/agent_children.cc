// The agent's children: which to start on which device, what their events and ends mean.
#include <signal.h>
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "worker/agent.h"

namespace makeover {
namespace {

using Phase = LocalAttempt::Phase;
using EventKind = EngineEvent::Kind;

std::set<std::string> DevicesOf(const v1::TaskSpec& spec) {
  return {spec.devices().begin(), spec.devices().end()};
}

// Tasks with equal keys may share a child: it holds one model, on one device, at one strength.
std::string ConvertKey(const v1::TaskSpec& spec) {
  const v1::ConvertSpec& convert = spec.convert().spec();
  std::string key =
      absl::StrCat(convert.checkpoint().digest(), "|", convert.align(), "|", convert.strength());
  for (const std::string& device : spec.devices()) absl::StrAppend(&key, "|", device);
  return key;
}

const char* Command(ChildKind kind) {
  switch (kind) {
    case ChildKind::kPrepare:
      return "mkengine prepare";
    case ChildKind::kTrain:
      return "mkengine train";
    case ChildKind::kConvert:
      return "mkengine convert";
    case ChildKind::kPreview:
      return "mkengine grid";
    case ChildKind::kEvaluate:
      return "mkengine evaluate";
  }
  return "mkengine";
}

v1::Failure FailureOf(const EngineEvent& event) {
  const v1::Failure::Class failure_class = event.error_class == "USER"      ? v1::Failure::USER
                                           : event.error_class == "STORAGE" ? v1::Failure::STORAGE
                                                                            : v1::Failure::TASK;
  return MakeFailure(failure_class, event.code.empty() ? "ENGINE_FAILED" : event.code,
                     event.message, event.advice);
}

// The end of a log, short enough for a sentence.
std::string LastWords(absl::string_view log) {
  constexpr size_t kLines = 3;
  const std::vector<absl::string_view> lines = absl::StrSplit(log, '\n', absl::SkipWhitespace());
  const size_t begin = lines.size() > kLines ? lines.size() - kLines : 0;
  return absl::StrJoin(lines.begin() + static_cast<std::ptrdiff_t>(begin), lines.end(), " / ");
}

// The failure of a child that ended without a word of its own.
v1::Failure CrashOf(ChildKind kind, const ChildExit& exit) {
  if (!exit.start_error.empty()) {
    return MakeFailure(v1::Failure::WORKER, "ENGINE_NOT_STARTED",
                       absl::StrCat(Command(kind), " could not be started: ", exit.start_error),
                       "Look at this worker's log; mkengine must stand beside mkworker, or be "
                       "named by --engine.");
  }
  const char* name = exit.signal != 0 ? sigabbrev_np(exit.signal) : nullptr;
  std::string how = exit.signal != 0
                        ? absl::StrCat("was ended by signal ", exit.signal, " (",
                                       name != nullptr ? name : "unknown", ")")
                        : absl::StrCat("ended with status ", exit.code, " without saying why");
  return MakeFailure(
      v1::Failure::TASK, "ENGINE_CRASHED",
      absl::StrCat(Command(kind), " ", how,
                   exit.last_log.empty() ? "" : "; its last words: ", LastWords(exit.last_log)),
      exit.signal == SIGKILL
          ? "The machine may be out of memory: a smaller --batch-size needs less."
          : "The whole log is in `mkctl jobs logs`.");
}

}  // namespace

void Agent::LaunchWaiting(int64_t now_ms, Actions* actions) {
  for (auto& [lease, attempt] : attempts_) {
    if (attempt.phase == Phase::kWaiting) Launch(attempt, now_ms, actions);
  }
}

void Agent::Launch(LocalAttempt& attempt, int64_t now_ms, Actions* actions) {
  if (attempt.IsConvert()) {
    LaunchConvert(attempt, now_ms, actions);
  } else if (attempt.IsPrepare() || (attempt.NeedsPixels() && !attempt.pixels_ready)) {
    StartFor(attempt, ChildKind::kPrepare, actions);
    attempt.phase = Phase::kPreparing;
  } else if (!attempt.NeedsPixels()) {
    StartFor(attempt, ChildKind::kPreview, actions);
  } else if (FreeDevices(DevicesOf(attempt.spec), now_ms, actions)) {
    StartFor(attempt, attempt.IsTrain() ? ChildKind::kTrain : ChildKind::kEvaluate, actions);
  }
}

void Agent::LaunchConvert(LocalAttempt& attempt, int64_t now_ms, Actions* actions) {
  const std::string key = ConvertKey(attempt.spec);
  auto it = std::find_if(children_.begin(), children_.end(), [&](const auto& entry) {
    return entry.second.kind == ChildKind::kConvert && entry.second.key == key &&
           !entry.second.stopping;
  });
  if (it != children_.end()) {
    attempt.child = it->first;
    attempt.phase = Phase::kRunning;
    it->second.queue.push_back(attempt.lease());
  } else if (FreeDevices(DevicesOf(attempt.spec), now_ms, actions)) {
    StartFor(attempt, ChildKind::kConvert, actions);
    children_[attempt.child].key = key;
  } else {
    return;
  }
  actions->push_back(SendRequest{attempt.child, attempt.lease()});
}

void Agent::StartFor(LocalAttempt& attempt, ChildKind kind, Actions* actions) {
  Child child;
  child.kind = kind;
  // Decoding and contact sheets run on the processor, whatever the task's device.
  if (kind == ChildKind::kTrain || kind == ChildKind::kConvert || kind == ChildKind::kEvaluate) {
    child.devices = DevicesOf(attempt.spec);
  }
  child.queue.push_back(attempt.lease());
  attempt.child = next_child_++;
  attempt.phase = Phase::kRunning;
  children_.emplace(attempt.child, std::move(child));
  actions->push_back(StartChild{attempt.child, kind, attempt.lease(), attempt.spec});
}

// False while a child holds one of them; one that only waits for more work is stopped.
bool Agent::FreeDevices(const std::set<std::string>& devices, int64_t now_ms, Actions* actions) {
  bool free = true;
  for (auto& [id, child] : children_) {
    const bool shares = std::any_of(devices.begin(), devices.end(), [&](const std::string& device) {
      return child.devices.contains(device);
    });
    if (!shares) continue;
    free = false;
    if (child.queue.empty() && !child.stopping) SignalStop(id, now_ms, actions);
  }
  return free;
}

void Agent::SignalStop(ChildId id, int64_t now_ms, Actions* actions) {
  const auto it = children_.find(id);
  if (it == children_.end() || it->second.stopping) return;
  it->second.stopping = true;
  it->second.kill_ms = now_ms + options_.stop_grace_ms;
  actions->push_back(SignalChild{id, false});
}

void Agent::SignalKill(ChildId id, Actions* actions) {
  const auto it = children_.find(id);
  if (it == children_.end() || it->second.killed) return;
  it->second.stopping = true;
  it->second.killed = true;
  actions->push_back(SignalChild{id, true});
}

std::optional<LeaseId> Agent::LogOwner(ChildId child) const {
  const auto it = children_.find(child);
  if (it == children_.end() || it->second.queue.empty()) return std::nullopt;
  return it->second.queue.front();
}

Actions Agent::OnChildEvent(ChildId id, const EngineEvent& event, int64_t now_ms) {
  Actions actions;
  const auto it = children_.find(id);
  if (it == children_.end()) return actions;
  Child& child = it->second;
  if (child.kind == ChildKind::kConvert) {
    OnConvertEvent(child, event, now_ms);
    if (child.queue.empty()) LaunchWaiting(now_ms, &actions);
  } else if (LocalAttempt* attempt = Find(child.queue.front()); attempt != nullptr) {
    OnOwnEvent(child, *attempt, event);
  }
  Pump(now_ms, &actions);
  return actions;
}

void Agent::OnOwnEvent(Child& child, LocalAttempt& attempt, const EngineEvent& event) {
  if (event.kind == EventKind::kDone || event.kind == EventKind::kPrepared) child.done = true;
  if (event.kind == EventKind::kError) child.error = FailureOf(event);
  if (child.kind == ChildKind::kPrepare && !attempt.IsPrepare()) return;
  switch (event.kind) {
    case EventKind::kProgress:
      return attempt.SetProgress(event);
    case EventKind::kMetrics:
      return attempt.AddMetrics(event);
    case EventKind::kSample:
      return attempt.QueueSample(event);
    case EventKind::kCheckpoint:
      return attempt.QueueCheckpoint(event);
    case EventKind::kQuarantine:
      return attempt.AddQuarantined(event);
    case EventKind::kPrepared:
    case EventKind::kEvaluation:
      return attempt.CountPictures(event.count);
    case EventKind::kStopped:
      return attempt.CountStep(event.step);
    case EventKind::kDone:
      attempt.CountPictures(event.count);
      return attempt.CountStep(event.step);
    default:
      return;
  }
}

void Agent::OnConvertEvent(Child& child, const EngineEvent& event, int64_t now_ms) {
  if (event.kind == EventKind::kError && event.request.empty()) child.error = FailureOf(event);
  const auto it = std::find_if(child.queue.begin(), child.queue.end(), [&](const LeaseId& lease) {
    return ToString(lease) == event.request;
  });
  if (it == child.queue.end()) return;
  const LeaseId lease = *it;
  LocalAttempt* attempt = Find(lease);
  if (attempt == nullptr) return;
  if (event.kind == EventKind::kFile) return attempt->AddFile(event);
  if (event.kind == EventKind::kRequestDone) {
    attempt->QueueOutput(event);
    attempt->QueueManifest();
    attempt->Conclude(v1::Outcome::SUCCEEDED);
    OnRequestEnded(child, lease, now_ms);
  } else if (event.kind == EventKind::kError) {
    attempt->Fail(FailureOf(event));
    OnRequestEnded(child, lease, now_ms);
  }
}

void Agent::OnRequestEnded(Child& child, const LeaseId& lease, int64_t now_ms) {
  if (LocalAttempt* attempt = Find(lease); attempt != nullptr) attempt->child = 0;
  std::erase(child.queue, lease);
  child.idle_since_ms = now_ms;
}

Actions Agent::OnChildExit(ChildId id, const ChildExit& exit, int64_t now_ms) {
  Actions actions;
  const auto it = children_.find(id);
  if (it == children_.end()) return actions;
  const Child child = std::move(it->second);
  children_.erase(it);
  if (child.kind == ChildKind::kConvert) {
    OnConvertExit(child, exit);
  } else if (LocalAttempt* attempt = Find(child.queue.front()); attempt != nullptr) {
    attempt->child = 0;
    OnOwnExit(child, exit, *attempt, &actions);
  }
  LaunchWaiting(now_ms, &actions);
  Pump(now_ms, &actions);
  return actions;
}

// The request in front is the one that it died of; the others begin again in a new child.
void Agent::OnConvertExit(const Child& child, const ChildExit& exit) {
  bool guilty = !child.stopping;
  for (const LeaseId& lease : child.queue) {
    LocalAttempt* attempt = Find(lease);
    if (attempt == nullptr || attempt->concluded()) continue;
    attempt->child = 0;
    attempt->RestartFiles();
    if (guilty) {
      attempt->Fail(child.error.has_value() ? *child.error : CrashOf(child.kind, exit));
    } else {
      attempt->phase = Phase::kWaiting;
    }
    guilty = false;
  }
}

void Agent::OnOwnExit(const Child& child, const ChildExit& exit, LocalAttempt& attempt,
                      Actions* actions) {
  constexpr int kStoppedStatus = 3;  // worker/ENGINE.md: everything is saved.
  if (attempt.concluded()) return;
  if (child.done && exit.code == 0) {
    if (child.kind == ChildKind::kPrepare) {
      actions->push_back(KeepPixels{attempt.lease(), attempt.spec});
      return;
    }
    if (child.kind == ChildKind::kPreview) attempt.QueueOutputFile(kPreviewFile);
    if (child.kind == ChildKind::kEvaluate) {
      attempt.QueueOutputFile(kEvaluationSheetFile);
      attempt.QueueManifestFile(kEvaluationFiguresFile);
    }
    attempt.Conclude(v1::Outcome::SUCCEEDED);
  } else if (child.error.has_value()) {
    attempt.Fail(*child.error);
  } else if (exit.code == kStoppedStatus || child.stopping) {
    attempt.Conclude(v1::Outcome::RELEASED);
  } else {
    attempt.Fail(CrashOf(child.kind, exit));
  }
}

}  // namespace makeover
