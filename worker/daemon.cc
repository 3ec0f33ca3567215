// The daemon's loop and its heartbeats.
#include "worker/daemon.h"

#include <chrono>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>
#include <variant>

#include "absl/time/time.h"
#include "proto/channel.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"
#include "worker/retry.h"

namespace makeover {
namespace {

constexpr int kTransferThreads = 4;
constexpr int kReportThreads = 2;
// An answer that comes at once must not make a busy loop of the heartbeats.
constexpr int64_t kHeartbeatSpacingMs = 20;
// While this worker ends, every answer comes at once.
constexpr int64_t kEndingSpacingMs = 250;

int64_t MonotonicMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// Nothing there is of use to another run: results that were not reported are done again.
absl::Status EmptyFolder(const std::string& dir) {
  std::error_code error;
  std::filesystem::remove_all(dir, error);
  if (error) return ErrnoStatus(error.value(), "emptying " + dir);
  return MakeFolders(dir);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(DaemonOptions options, Logger& logger,
                                                       std::function<void()> registered) {
  MK_RETURN_IF_ERROR(EmptyFolder(options.data_dir + "/work"));
  options.engine.judges = options.data_dir + "/judges";
  MK_ASSIGN_OR_RETURN(std::unique_ptr<Cache> cache,
                      Cache::Open(options.data_dir + "/cache", options.cache_bytes_max));
  return std::unique_ptr<Daemon>(
      new Daemon(std::move(options), logger, std::move(registered), std::move(cache)));
}

Daemon::Daemon(DaemonOptions options, Logger& logger, std::function<void()> registered,
               std::unique_ptr<Cache> cache)
    : options_(std::move(options)),
      logger_(logger),
      registered_(std::move(registered)),
      cache_(std::move(cache)),
      client_(MakeChannel(options_.coordinator), options_.name, options_.identity),
      agent_(options_.agent),
      logs_([this](const LeaseId& lease, int64_t offset, absl::string_view bytes) {
        return client_.AppendLog(ToProto(lease), offset, bytes);
      }),
      transfers_(kTransferThreads),
      reports_(kReportThreads) {}

Daemon::~Daemon() {
  if (heartbeats_.joinable()) heartbeats_.join();
}

bool Daemon::Run() {
  heartbeats_ = std::thread([this] { HeartbeatLoop(); });
  Actions actions;
  while (NextActions(&actions)) {
    for (const Action& action : actions) {
      std::visit([this](const auto& what) { Do(what); }, action);
    }
    BuryChildren();
  }
  ending_.Notify();
  client_.CancelHeartbeats();
  for (const auto& [lease, holding] : holdings_) holding->ended.Notify();
  children_.clear();
  heartbeats_.join();
  absl::MutexLock lock(&mutex_);
  return agent_.idle();
}

void Daemon::Shutdown() {
  logger_.Info("stopping: the children save, then their results are reported");
  Input([](Agent& agent, int64_t now_ms) { return agent.Shutdown(now_ms); });
  absl::MutexLock lock(&mutex_);
  shutdown_end_ms_ = MonotonicMs() + options_.shutdown_ms;
  changed_.SignalAll();
}

void Daemon::Kill() {
  absl::MutexLock lock(&mutex_);
  kill_ = true;
  changed_.SignalAll();
}

void Daemon::Input(const std::function<Actions(Agent&, int64_t now_ms)>& input) {
  absl::MutexLock lock(&mutex_);
  Actions decided = input(agent_, MonotonicMs());
  std::move(decided.begin(), decided.end(), std::back_inserter(actions_));
  changed_.SignalAll();
}

bool Daemon::Finished() const {
  if (kill_) return true;
  if (shutdown_end_ms_ == INT64_MAX) return false;
  return (agent_.idle() && actions_.empty()) || MonotonicMs() >= shutdown_end_ms_;
}

// Waits until there is something to do. False: the end.
bool Daemon::NextActions(Actions* actions) {
  absl::MutexLock lock(&mutex_);
  while (true) {
    const int64_t now_ms = MonotonicMs();
    Actions ticked = agent_.Tick(now_ms);
    std::move(ticked.begin(), ticked.end(), std::back_inserter(actions_));
    *actions = std::exchange(actions_, {});
    if (!actions->empty() || !dead_.empty()) return true;
    if (Finished()) return false;
    const int64_t next_ms = std::min(agent_.NextTickMs(), shutdown_end_ms_);
    if (next_ms == INT64_MAX) {
      changed_.Wait(&mutex_);
    } else {
      changed_.WaitWithTimeout(&mutex_, absl::Milliseconds(std::max<int64_t>(next_ms - now_ms, 1)));
    }
  }
}

void Daemon::BuryChildren() {
  std::vector<ChildId> dead;
  {
    absl::MutexLock lock(&mutex_);
    dead.swap(dead_);
  }
  for (const ChildId child : dead) children_.erase(child);
}

void Daemon::HeartbeatLoop() {
  Backoff backoff;
  bool registered = false;
  while (!ending_.HasBeenNotified()) {
    if (!registered) registered = RegisterOnce();
    const bool answered = registered && HeartbeatOnce();
    if (answered) {
      backoff.Reset();
      const int64_t spacing_ms = IsStopping() ? kEndingSpacingMs : kHeartbeatSpacingMs;
      ending_.WaitForNotificationWithTimeout(absl::Milliseconds(spacing_ms));
      continue;
    }
    if (!backoff.Wait(ending_)) break;
    // A coordinator that has restarted may not know this worker: saying so again does no harm.
    registered = false;
  }
  // Without devices nothing is placed here, and what was placed meanwhile goes elsewhere at once
  // instead of waiting until this worker counts as lost.
  if (!registered) return;
  v1::RegisterRequest request;
  request.set_version(options_.version);
  client_.Register(std::move(request)).IgnoreError();
}

bool Daemon::IsStopping() {
  absl::MutexLock lock(&mutex_);
  return shutdown_end_ms_ != INT64_MAX;
}

v1::RegisterRequest Daemon::Registration(bool started) const {
  v1::RegisterRequest request;
  request.set_version(options_.version);
  request.set_started(started);
  for (const v1::Device& device : options_.devices) *request.add_devices() = device;
  *request.mutable_engine() = options_.abilities;
  return request;
}

bool Daemon::RegisterOnce() {
  bool started = false;
  {
    absl::MutexLock lock(&mutex_);
    started = !told_;
  }
  const auto response = client_.Register(Registration(started));
  if (!response.ok()) {
    logger_.Warning("the coordinator does not accept this worker yet; trying again",
                    {{"coordinator", options_.coordinator},
                     {"reason", std::string(response.status().message())}});
    return false;
  }
  logger_.Info("registered", {{"coordinator", options_.coordinator}});
  Input([&](Agent& agent, int64_t now_ms) { return agent.OnRegistered(*response, now_ms); });
  absl::MutexLock lock(&mutex_);
  if (!std::exchange(told_, true)) registered_();
  return true;
}

bool Daemon::HeartbeatOnce() {
  v1::HeartbeatRequest request;
  {
    absl::MutexLock lock(&mutex_);
    request = agent_.Heartbeat();
  }
  const int64_t sent_ms = MonotonicMs();
  const auto response = client_.Heartbeat(std::move(request));
  if (response.ok()) {
    Input([&](Agent& agent, int64_t now_ms) { return agent.OnWanted(*response, sent_ms, now_ms); });
    return true;
  }
  if (!absl::IsCancelled(response.status())) {
    logger_.Warning("a heartbeat was not answered; trying again",
                    {{"reason", std::string(response.status().message())}});
  }
  absl::MutexLock lock(&mutex_);
  agent_.OnHeartbeatFailed();
  return false;
}

}  // namespace makeover
