#include "worker/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

namespace makeover {
namespace {

sigset_t Watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void SignalWatcher::Block() {
  const sigset_t watched = Watched();
  pthread_sigmask(SIG_BLOCK, &watched, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

absl::StatusOr<std::unique_ptr<SignalWatcher>> SignalWatcher::Start(
    std::function<void(int count)> heard) {
  const sigset_t watched = Watched();
  FileDescriptor signals(signalfd(-1, &watched, SFD_CLOEXEC));
  FileDescriptor stop(eventfd(0, EFD_CLOEXEC));
  if (!signals.is_open() || !stop.is_open()) return ErrnoStatus(errno, "watching for signals");
  return std::unique_ptr<SignalWatcher>(
      new SignalWatcher(std::move(signals), std::move(stop), std::move(heard)));
}

SignalWatcher::SignalWatcher(FileDescriptor signals, FileDescriptor stop,
                             std::function<void(int)> heard)
    : signals_(std::move(signals)),
      stop_(std::move(stop)),
      heard_(std::move(heard)),
      thread_([this] { Run(); }) {}

SignalWatcher::~SignalWatcher() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void SignalWatcher::Run() {
  int count = 0;
  while (true) {
    std::array<pollfd, 2> polled = {{{signals_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0) return;
    signalfd_siginfo info;
    if (polled[0].revents != 0 && read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
      heard_(++count);
    }
  }
}

}  // namespace makeover
