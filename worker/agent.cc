#include "worker/agent.h"

#include <algorithm>

namespace makeover {

using Phase = LocalAttempt::Phase;

Actions Agent::OnRegistered(const v1::RegisterResponse& response, int64_t now_ms) {
  if (response.lease_ms() > 0) options_.lease_ms = response.lease_ms();
  if (response.heartbeat_ms() > 0) options_.heartbeat_ms = response.heartbeat_ms();
  wanted_version_ = 0;
  return Tick(now_ms);
}

v1::HeartbeatRequest Agent::Heartbeat() const {
  v1::HeartbeatRequest request;
  // While it ends, a worker does not take in what is wanted, and must not be taken at its word.
  request.set_wanted_version(shutdown_ ? 0 : wanted_version_);
  // The lease counts from the sending of an answered heartbeat, so no call may hang for long.
  int64_t hang_ms = std::min(options_.heartbeat_ms, options_.lease_ms / 4);
  if (!attempts_.empty()) hang_ms = std::min(hang_ms, options_.report_interval_ms);
  request.set_hang_ms(static_cast<uint32_t>(hang_ms));
  for (const auto& [lease, attempt] : attempts_) {
    v1::RunningTask* running = request.add_running();
    *running->mutable_lease() = ToProto(lease);
    *running->mutable_progress() = attempt.progress;
    running->set_phase(attempt.PhaseName());
  }
  return request;
}

Actions Agent::OnWanted(const v1::HeartbeatResponse& response, int64_t sent_ms, int64_t now_ms) {
  Actions actions;
  contact_ms_ = std::max(contact_ms_, sent_ms);
  wanted_version_ = response.wanted_version();
  std::set<LeaseId> wanted;
  for (const v1::TaskSpec& spec : response.wanted()) wanted.insert(FromProto(spec.lease()));
  for (auto& [lease, attempt] : attempts_) {
    if (!wanted.contains(lease)) Stop(attempt, now_ms, &actions);
  }
  // What has ended is remembered for as long as an old answer may still want it.
  std::erase_if(ended_, [&](const auto& entry) {
    return !wanted.contains({entry.first.first, entry.first.second, entry.second});
  });
  if (!shutdown_) {
    for (const v1::TaskSpec& spec : response.wanted()) Begin(spec, &actions);
  }
  Pump(now_ms, &actions);
  return actions;
}

void Agent::Begin(const v1::TaskSpec& spec, Actions* actions) {
  const LeaseId lease = FromProto(spec.lease());
  if (attempts_.contains(lease) || Ended(lease)) return;
  attempts_.emplace(lease, LocalAttempt(spec));
  actions->push_back(FetchInputs{lease, spec});
}

void Agent::Stop(LocalAttempt& attempt, int64_t now_ms, Actions* actions) {
  if (attempt.stopping || attempt.concluded()) return;
  attempt.stopping = true;
  if (attempt.IsConvert()) LeaveConvertChild(attempt, now_ms, actions);
  if (attempt.child == 0) {
    attempt.Conclude(v1::Outcome::RELEASED);
    return;
  }
  attempt.phase = Phase::kStopping;
  SignalStop(attempt.child, now_ms, actions);
}

void Agent::StopAll(int64_t now_ms, Actions* actions) {
  for (auto& [lease, attempt] : attempts_) Stop(attempt, now_ms, actions);
}

// A request cannot be taken back: where others wait in the same child its result is ignored.
void Agent::LeaveConvertChild(LocalAttempt& attempt, int64_t now_ms, Actions* actions) {
  const auto it = children_.find(std::exchange(attempt.child, 0));
  if (it == children_.end()) return;
  std::erase(it->second.queue, attempt.lease());
  if (it->second.queue.empty()) SignalStop(it->first, now_ms, actions);
}

Actions Agent::OnInputsReady(const LeaseId& lease, const InputsReady& result, int64_t now_ms) {
  Actions actions;
  LocalAttempt* attempt = Find(lease);
  const bool expected = attempt != nullptr && !attempt->concluded() && attempt->child == 0;
  if (!expected) return actions;
  if (!result.ok) {
    attempt->Fail(result.failure);
  } else if (attempt->phase == Phase::kPreparing && attempt->IsPrepare()) {
    attempt->Conclude(v1::Outcome::SUCCEEDED);
  } else if (attempt->stopping) {
    attempt->Conclude(v1::Outcome::RELEASED);
  } else {
    attempt->pixels_ready = result.pixels_ready;
    attempt->phase = Phase::kWaiting;
  }
  LaunchWaiting(now_ms, &actions);
  Pump(now_ms, &actions);
  return actions;
}

Actions Agent::OnUploaded(const LeaseId& lease, uint64_t ticket, const Uploaded& result,
                          int64_t now_ms) {
  Actions actions;
  LocalAttempt* attempt = Find(lease);
  if (attempt == nullptr || !attempt->OnUploaded(ticket, result)) return actions;
  // A training that cannot save its work would only waste the device.
  if (!result.ok && attempt->child != 0 && !attempt->IsConvert()) {
    SignalStop(attempt->child, now_ms, &actions);
  }
  Pump(now_ms, &actions);
  return actions;
}

Actions Agent::OnReported(const LeaseId& lease, Reported result, int64_t now_ms) {
  Actions actions;
  LocalAttempt* attempt = Find(lease);
  if (attempt == nullptr) return actions;
  if (result == Reported::kAccepted) {
    if (attempt->OnReportAccepted()) End(lease, &actions);
  } else {
    if (attempt->IsConvert()) {
      LeaveConvertChild(*attempt, now_ms, &actions);
    } else if (attempt->child != 0) {
      SignalKill(attempt->child, &actions);
    }
    End(lease, &actions);
  }
  LaunchWaiting(now_ms, &actions);
  Pump(now_ms, &actions);
  return actions;
}

void Agent::End(const LeaseId& lease, Actions* actions) {
  uint32_t& newest = ended_[{lease.job, lease.task}];
  newest = std::max(newest, lease.attempt);
  attempts_.erase(lease);
  actions->push_back(Forget{lease});
}

Actions Agent::Tick(int64_t now_ms) {
  Actions actions;
  if (!attempts_.empty() && now_ms >= contact_ms_ + options_.lease_ms) StopAll(now_ms, &actions);
  for (auto& [id, child] : children_) {
    if (now_ms >= child.kill_ms && !child.killed) SignalKill(id, &actions);
    const bool idle = child.kind == ChildKind::kConvert && child.queue.empty() && !child.stopping;
    if (idle && now_ms >= child.idle_since_ms + options_.idle_child_ms) {
      SignalStop(id, now_ms, &actions);
    }
  }
  Pump(now_ms, &actions);
  return actions;
}

int64_t Agent::NextTickMs() const {
  int64_t next = INT64_MAX;
  bool any_to_stop = false;
  for (const auto& [lease, attempt] : attempts_) {
    any_to_stop = any_to_stop || (!attempt.stopping && !attempt.concluded());
    next = std::min(next, attempt.ReportDueMs(options_.report_interval_ms));
  }
  if (any_to_stop) next = std::min(next, contact_ms_ + options_.lease_ms);
  for (const auto& [id, child] : children_) {
    if (!child.killed) next = std::min(next, child.kill_ms);
    const bool idle = child.kind == ChildKind::kConvert && child.queue.empty() && !child.stopping;
    if (idle) next = std::min(next, child.idle_since_ms + options_.idle_child_ms);
  }
  return next;
}

Actions Agent::Shutdown(int64_t now_ms) {
  Actions actions;
  shutdown_ = true;
  StopAll(now_ms, &actions);
  for (auto& [id, child] : children_) {
    if (!child.stopping) SignalStop(id, now_ms, &actions);
  }
  Pump(now_ms, &actions);
  return actions;
}

void Agent::Pump(int64_t now_ms, Actions* actions) {
  for (auto& [lease, attempt] : attempts_) {
    if (auto upload = attempt.NextUpload(next_ticket_)) {
      ++next_ticket_;
      actions->push_back(*std::move(upload));
    }
    if (auto report = attempt.NextReport(now_ms, options_.report_interval_ms)) {
      actions->push_back(*std::move(report));
    }
  }
}

LocalAttempt* Agent::Find(const LeaseId& lease) {
  const auto it = attempts_.find(lease);
  return it == attempts_.end() ? nullptr : &it->second;
}

bool Agent::Ended(const LeaseId& lease) const {
  const auto it = ended_.find({lease.job, lease.task});
  return it != ended_.end() && lease.attempt <= it->second;
}

}  // namespace makeover
