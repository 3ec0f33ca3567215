#include "client/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace makeover {
namespace {

constexpr size_t kLineBytesMax = 64 << 10;

// In the child, after fork: only async-signal-safe calls.
[[noreturn]] void Become(char* const* argv, int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // it died before the line above
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  const int null = open("/dev/null", O_RDONLY);
  if (null >= 0) dup2(null, STDIN_FILENO);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

absl::StatusOr<Child> Child::Start(const std::vector<std::string>& argv) {
  std::vector<char*> arguments;
  for (const std::string& one : argv) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "making a pipe");
  FileDescriptor reading(ends[0]);
  const FileDescriptor writing(ends[1]);
  fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return ErrnoStatus(errno, "starting " + argv[0]);
  if (pid == 0) Become(arguments.data(), writing.get(), parent);
  return Child(pid, std::move(reading));
}

void Child::ReadLines(const std::function<void(const std::string& line)>& take) {
  if (!output_.is_open()) return;
  char buffer[4096];
  ssize_t bytes = 0;
  while ((bytes = read(output_.get(), buffer, sizeof buffer)) > 0) {
    rest_.append(buffer, static_cast<size_t>(bytes));
    size_t end = 0;
    while ((end = rest_.find('\n')) != std::string::npos || rest_.size() > kLineBytesMax) {
      if (end == std::string::npos) end = kLineBytesMax;
      take(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
  }
  if (bytes == 0) output_.Close();
}

int Child::ReadToEnd(const std::function<void(const std::string& line)>& take) {
  while (output_fd() >= 0) {
    pollfd readable = {output_fd(), POLLIN, 0};
    poll(&readable, 1, -1);
    ReadLines(take);
  }
  std::optional<int> status;
  while (!(status = Reap()).has_value()) poll(nullptr, 0, 10);
  return *status;
}

std::optional<int> Child::Reap() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) return {};
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::Signal(int signal_number) const {
  if (pid_ > 0) kill(pid_, signal_number);
}

}  // namespace makeover
