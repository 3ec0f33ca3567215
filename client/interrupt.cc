#include "client/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <utility>

#include "client/exit_status.h"

namespace makeover {
namespace {

[[noreturn]] void EndNow() {
  // Clears what a progress line left behind the cursor.
  if (isatty(STDERR_FILENO) != 0) [[maybe_unused]]
    const auto n = write(STDERR_FILENO, "\n", 1);
  _exit(static_cast<int>(ExitStatus::kInterrupted));
}

}  // namespace

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  struct sigaction hang_up {};
  if (sigaction(SIGHUP, nullptr, &hang_up) != 0 || hang_up.sa_handler != SIG_IGN) {
    sigaddset(&set, SIGHUP);
  }
  return set;
}

Interrupt::Interrupt() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
  listener_ = std::thread([this] { Listen(); });
}

Interrupt::~Interrupt() {
  eventfd_write(stop_, 1);
  listener_.join();
  close(signals_);
  close(stop_);
}

bool Interrupt::requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

bool Interrupt::Sleep(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [this] { return requested_; });
}

void Interrupt::Listen() {
  pollfd watched[2] = {{signals_, POLLIN, 0}, {stop_, POLLIN, 0}};
  while (true) {
    if (poll(watched, 2, -1) < 0) continue;
    if ((watched[1].revents & POLLIN) != 0) return;
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof info) == sizeof info) Heard();
  }
}

void Interrupt::Heard() {
  const std::lock_guard lock(mutex_);
  if (requested_ || !scoped_) EndNow();
  requested_ = true;
  stop_source_.request_stop();
  if (action_) action_();
  changed_.notify_all();
}

Interrupt::Scope::Scope(Interrupt& interrupt, std::function<void()> action)
    : interrupt_(interrupt) {
  const std::lock_guard lock(interrupt_.mutex_);
  outer_action_ = std::exchange(interrupt_.action_, std::move(action));
  outer_scoped_ = std::exchange(interrupt_.scoped_, true);
}

Interrupt::Scope::~Scope() {
  const std::lock_guard lock(interrupt_.mutex_);
  interrupt_.action_ = std::move(outer_action_);
  interrupt_.scoped_ = outer_scoped_;
}

}  // namespace makeover
