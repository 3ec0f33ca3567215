#include "client/local_cluster.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/interrupt.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr std::chrono::milliseconds kRestartFirst{500};
constexpr std::chrono::milliseconds kRestartMax{30'000};
// Who ran this long is started again at once.
constexpr std::chrono::seconds kRanWell{60};
// A worker saves a checkpoint and uploads it.
constexpr std::chrono::seconds kWorkerGrace{60};
constexpr std::chrono::seconds kCoordinatorGrace{15};
constexpr std::chrono::milliseconds kWaitMax{500};

constexpr const char* kListening = "listening on ";
constexpr const char* kRegistered = "registered as ";

sigset_t Signals() {
  sigset_t set = StopSignals();
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGPIPE);
  return set;
}

}  // namespace

LocalCluster::LocalCluster(LocalClusterOptions options, const Output& out,
                           std::function<void(const std::string& address)> on_listening,
                           std::function<void()> on_ready)
    : options_(std::move(options)),
      out_(out),
      on_listening_(std::move(on_listening)),
      on_ready_(std::move(on_ready)),
      address_(options_.listen) {
  members_.emplace_back().name = "coordinator";
  members_.front().is_coordinator = true;
  for (size_t i = 0; i < options_.devices.size(); ++i) {
    members_.emplace_back().name = absl::StrCat("worker-", i + 1);
  }
}

absl::StatusOr<ExitStatus> LocalCluster::Run() {
  const sigset_t set = Signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  const FileDescriptor signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  MK_RETURN_IF_ERROR(Start(members_.front()));
  while (!finished_) {
    Wait(signals.get());
    TakeSignals(signals.get());
    for (Member& member : members_) {
      if (!member.child) continue;
      member.child->ReadLines([&](const std::string& line) { TakeLine(member, line); });
    }
    ReapAll();
    RestartDue();
    Advance();
  }
  if (!failure_.ok()) return failure_;
  return ExitStatus::kDone;
}

std::vector<std::string> LocalCluster::CommandOf(const Member& member) const {
  const std::string folder = absl::StrCat(options_.data_dir, "/", member.name);
  if (member.is_coordinator) {
    return {options_.bin_dir + "/mkcoordinator", "--data-dir", folder, "--listen", address_};
  }
  const auto number = static_cast<size_t>(&member - members_.data()) - 1;
  std::vector<std::string> command = {options_.bin_dir + "/mkworker",
                                      "--coordinator",
                                      address_,
                                      "--data-dir",
                                      folder,
                                      "--name",
                                      member.name,
                                      "--devices",
                                      options_.devices[number]};
  if (options_.threads > 0) {
    command.insert(command.end(), {"--threads", absl::StrCat(options_.threads)});
  }
  return command;
}

absl::Status LocalCluster::Start(Member& member) {
  member.restart.reset();
  member.started = Clock::now();
  absl::StatusOr<Child> child = Child::Start(CommandOf(member));
  if (!child.ok()) return AsLocalError(child.status());
  member.child.emplace(*std::move(child));
  return absl::OkStatus();
}

void LocalCluster::StartWorkers() {
  if (std::exchange(workers_started_, true)) return;
  for (Member& member : members_) {
    if (member.is_coordinator) continue;
    if (const absl::Status started = Start(member); !started.ok()) {
      failure_ = started;
      BeginStop();
    }
  }
}

void LocalCluster::TakeLine(Member& member, const std::string& line) {
  if (member.is_coordinator && absl::StartsWith(line, kListening)) {
    address_ = line.substr(std::string(kListening).size());
    member.came_up = true;
    on_listening_(address_);
    if (phase_ == Phase::kRunning) StartWorkers();
    return;
  }
  if (!member.is_coordinator && absl::StartsWith(line, kRegistered)) {
    member.came_up = true;
    const bool all = std::all_of(members_.begin(), members_.end(),
                                 [](const Member& one) { return one.came_up; });
    if (all && !std::exchange(ready_said_, true)) on_ready_();
    return;
  }
  out_.Note(absl::StrCat(member.name, " | ", line));
}

// Until something happens, or something is due.
void LocalCluster::Wait(int signal_fd) {
  std::vector<pollfd> watched = {{signal_fd, POLLIN, 0}};
  for (const Member& member : members_) {
    if (member.child && member.child->output_fd() >= 0) {
      watched.push_back({member.child->output_fd(), POLLIN, 0});
    }
  }
  poll(watched.data(), watched.size(), static_cast<int>(kWaitMax.count()));
}

void LocalCluster::TakeSignals(int signal_fd) {
  signalfd_siginfo info{};
  while (read(signal_fd, &info, sizeof info) == sizeof info) {
    // SIGPIPE: nobody reads what is said any more, as in `mkctl up | tee log` after Ctrl-C.
    if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGPIPE) continue;
    if (phase_ == Phase::kRunning) {
      out_.Note("Stopping: workers save what they do. Once more to end at once.");
      BeginStop();
    } else {
      SignalAll(false, SIGKILL);
      SignalAll(true, SIGKILL);
    }
  }
}

void LocalCluster::ReapAll() {
  for (Member& member : members_) {
    if (!member.child) continue;
    const std::optional<int> status = member.child->Reap();
    if (!status) continue;
    member.child->ReadLines([&](const std::string& line) { TakeLine(member, line); });
    member.child.reset();
    Ended(member, *status);
  }
}

void LocalCluster::Ended(Member& member, int status) {
  if (phase_ != Phase::kRunning) return;
  if (member.is_coordinator && !member.came_up) {
    failure_ = absl::FailedPreconditionError(absl::StrCat(
        "The coordinator did not start (exit status ", status,
        status == 127 ? ": there is no program mkcoordinator beside mkctl)." : "): see above."));
    BeginStop();
    return;
  }
  if (Clock::now() - member.started > kRanWell) member.backoff = std::chrono::milliseconds(0);
  member.backoff = std::clamp(member.backoff * 2, kRestartFirst, kRestartMax);
  member.restart = Clock::now() + member.backoff;
  out_.Warn(absl::StrCat(member.name, " ended with status ", status, "; it is started again in ",
                         member.backoff.count(), " ms."));
}

void LocalCluster::RestartDue() {
  for (Member& member : members_) {
    if (phase_ != Phase::kRunning || !member.restart || Clock::now() < *member.restart) continue;
    if (const absl::Status started = Start(member); !started.ok()) {
      out_.Warn(std::string(started.message()));
      member.restart = Clock::now() + kRestartMax;
    }
  }
}

// Goes on with stopping.
void LocalCluster::Advance() {
  if (phase_ == Phase::kStoppingWorkers) {
    if (AnyRuns(false)) {
      if (Clock::now() >= deadline_) SignalAll(false, SIGKILL);
      return;
    }
    phase_ = Phase::kStoppingCoordinator;
    deadline_ = Clock::now() + kCoordinatorGrace;
    SignalAll(true, SIGTERM);
  }
  if (phase_ == Phase::kStoppingCoordinator) {
    if (!AnyRuns(true)) {
      finished_ = true;
    } else if (Clock::now() >= deadline_) {
      SignalAll(true, SIGKILL);
    }
  }
}

void LocalCluster::BeginStop() {
  if (phase_ != Phase::kRunning) return;
  phase_ = Phase::kStoppingWorkers;
  deadline_ = Clock::now() + kWorkerGrace;
  SignalAll(false, SIGTERM);
}

void LocalCluster::SignalAll(bool coordinator, int signal_number) {
  for (const Member& member : members_) {
    if (member.is_coordinator == coordinator && member.child) member.child->Signal(signal_number);
  }
}

bool LocalCluster::AnyRuns(bool coordinator) const {
  return std::any_of(members_.begin(), members_.end(), [coordinator](const Member& member) {
    return member.is_coordinator == coordinator && member.child.has_value();
  });
}

}  // namespace makeover
