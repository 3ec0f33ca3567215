#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "makeover/v1/workers.pb.h"
#include "worker/agent_actions.h"
#include "worker/engine_event.h"
#include "worker/lease_id.h"
#include "worker/local_attempt.h"

namespace makeover {

// Settings of an agent, in milliseconds.
struct AgentOptions {
  int64_t lease_ms = 20'000;           // Until Register's answer says otherwise.
  int64_t heartbeat_ms = 5'000;        // Likewise.
  int64_t stop_grace_ms = 20'000;      // From SIGTERM to SIGKILL.
  int64_t report_interval_ms = 1'000;  // Between reports of metrics, and heartbeats of progress.
  int64_t idle_child_ms = 60'000;      // A convert child without work lives that long.
};

// What a worker does with its wanted set: decides what to fetch, start, stop, upload and report.
//
// A value without clock, threads or I/O: inputs are method calls with the time (milliseconds of a
// clock that never goes back), outputs are the returned actions, in order. The same inputs give the
// same actions. Inputs about attempts and children that are gone are ignored, so answers may come
// late or twice. Not thread-safe.
//
// What holds after every input:
//  * an attempt that has ended here is never started again;
//  * no two children use one device, but for the moment between a signal and its exit;
//  * a report names only blobs whose upload is done; nothing follows the report with the outcome;
//  * once a whole lease has passed without an answered heartbeat, every attempt is stopping.
class Agent {
 public:
  explicit Agent(const AgentOptions& options) : options_(options) {}

  // Register was answered.
  Actions OnRegistered(const v1::RegisterResponse& response, int64_t now_ms);

  // The next heartbeat, without worker and identity. Asks to hang for a short time while something
  // runs, so that progress is heard of.
  v1::HeartbeatRequest Heartbeat() const;
  // A heartbeat that was sent at sent_ms was answered: the lease runs from then on.
  // REQUIRES: answers come in the order of their heartbeats.
  Actions OnWanted(const v1::HeartbeatResponse& response, int64_t sent_ms, int64_t now_ms);
  // A heartbeat was not answered: the coordinator may have restarted, so the next one asks at once.
  void OnHeartbeatFailed() { wanted_version_ = 0; }

  Actions OnInputsReady(const LeaseId& lease, const InputsReady& result, int64_t now_ms);
  Actions OnChildEvent(ChildId child, const EngineEvent& event, int64_t now_ms);
  Actions OnChildExit(ChildId child, const ChildExit& exit, int64_t now_ms);
  Actions OnUploaded(const LeaseId& lease, uint64_t ticket, const Uploaded& result, int64_t now_ms);
  Actions OnReported(const LeaseId& lease, Reported result, int64_t now_ms);

  // Time has passed: lease, grace periods, metrics, idle children.
  Actions Tick(int64_t now_ms);
  // When to call Tick again at the latest; INT64_MAX: not before another input.
  int64_t NextTickMs() const;

  // Stops everything and takes nothing new.
  Actions Shutdown(int64_t now_ms);
  // Nothing runs and nothing is left to report.
  bool idle() const { return attempts_.empty() && children_.empty(); }
  // Whose log a child writes now; nullopt: nobody's.
  std::optional<LeaseId> LogOwner(ChildId child) const;

 private:
  struct Child {
    ChildKind kind = ChildKind::kPrepare;
    std::string key;                // Convert: what a task must share to use this child.
    std::set<std::string> devices;  // Held until it exits.
    std::deque<LeaseId> queue;      // Convert: requests in order. Else its attempt.
    bool stopping = false;
    int64_t kill_ms = INT64_MAX;       // When SIGKILL is due.
    int64_t idle_since_ms = 0;         // Convert, while the queue is empty.
    bool done = false;                 // `done` or `prepared` was seen.
    bool killed = false;               // By us, after the grace period or as stale.
    std::optional<v1::Failure> error;  // From `error`.
  };
  using Attempts = std::map<LeaseId, LocalAttempt>;
  using Children = std::map<ChildId, Child>;

  LocalAttempt* Find(const LeaseId& lease);
  bool Ended(const LeaseId& lease) const;
  void Begin(const v1::TaskSpec& spec, Actions* actions);
  void Stop(LocalAttempt& attempt, int64_t now_ms, Actions* actions);
  void StopAll(int64_t now_ms, Actions* actions);
  void LeaveConvertChild(LocalAttempt& attempt, int64_t now_ms, Actions* actions);
  void End(const LeaseId& lease, Actions* actions);

  void LaunchWaiting(int64_t now_ms, Actions* actions);
  void Launch(LocalAttempt& attempt, int64_t now_ms, Actions* actions);
  void LaunchConvert(LocalAttempt& attempt, int64_t now_ms, Actions* actions);
  void StartFor(LocalAttempt& attempt, ChildKind kind, Actions* actions);
  bool FreeDevices(const std::set<std::string>& devices, int64_t now_ms, Actions* actions);

  void SignalStop(ChildId id, int64_t now_ms, Actions* actions);
  void SignalKill(ChildId id, Actions* actions);
  void OnConvertEvent(Child& child, const EngineEvent& event, int64_t now_ms);
  void OnOwnEvent(Child& child, LocalAttempt& attempt, const EngineEvent& event);
  void OnRequestEnded(Child& child, const LeaseId& lease, int64_t now_ms);
  void OnConvertExit(const Child& child, const ChildExit& exit);
  void OnOwnExit(const Child& child, const ChildExit& exit, LocalAttempt& attempt,
                 Actions* actions);

  void Pump(int64_t now_ms, Actions* actions);

  AgentOptions options_;
  Attempts attempts_;
  Children children_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> ended_;  // (job, task): newest attempt ended.
  uint64_t wanted_version_ = 0;
  int64_t contact_ms_ = INT64_MIN / 2;  // The newest answered heartbeat was sent.
  bool shutdown_ = false;
  ChildId next_child_ = 1;
  uint64_t next_ticket_ = 1;
};

}  // namespace makeover
