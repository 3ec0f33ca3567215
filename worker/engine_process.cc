#include "worker/engine_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoStatus(errno, "making a pipe");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// The child's side, between fork and exec. All of it is async-signal-safe: the daemon has threads,
// and only this one is here.
class ChildSide {
 public:
  ChildSide(const EngineCommand& command, int in, int out, int log)
      : command_(command), in_(in), out_(out), log_(log), parent_(getpid()) {
    argv_.push_back(const_cast<char*>(command.program.c_str()));
    for (const std::string& argument : command.arguments) {
      argv_.push_back(const_cast<char*>(argument.c_str()));
    }
    argv_.push_back(nullptr);
  }

  [[noreturn]] void Exec() const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent_) _exit(127);  // It died before the line above.
    setpgid(0, 0);
    dup2(in_, STDIN_FILENO);
    dup2(out_, STDOUT_FILENO);
    dup2(log_, STDERR_FILENO);
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    ResetSignals();
    Limit();
    execv(argv_[0], argv_.data());
    const char* reason = strerrordesc_np(errno);
    Say("cannot execute ");
    Say(argv_[0]);
    Say(": ");
    Say(reason != nullptr ? reason : "unknown reason");
    Say("\n");
    _exit(127);
  }

 private:
  static void Say(const char* text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
  }

  static void ResetSignals() {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_DFL);
  }

  void Limit() const {
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (command_.data_bytes_max > 0) {
      const rlimit data = {command_.data_bytes_max, command_.data_bytes_max};
      setrlimit(RLIMIT_DATA, &data);
    }
    // Short of memory, the kernel should end this process and not the daemon.
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "500", 3) < 0) return;
  }

  const EngineCommand& command_;
  const int in_;
  const int out_;
  const int log_;
  const pid_t parent_;
  std::vector<char*> argv_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<EngineProcess>> EngineProcess::Start(const EngineCommand& command,
                                                                    EngineCallbacks callbacks) {
  MK_ASSIGN_OR_RETURN(Pipe in, MakePipe());
  MK_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  MK_ASSIGN_OR_RETURN(Pipe log, MakePipe());
  const ChildSide child(command, in.read.get(), out.write.get(), log.write.get());
  const pid_t pid = fork();
  if (pid == 0) child.Exec();
  if (pid < 0) return ErrnoStatus(errno, absl::StrCat("starting ", command.program));
  // glibc 2.36 declares pidfd_open for C alone.
  FileDescriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process.is_open()) {
    const int error = errno;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return ErrnoStatus(error, absl::StrCat("watching ", command.program));
  }
  for (int fd : {out.read.get(), log.read.get()}) fcntl(fd, F_SETFL, O_NONBLOCK);
  return std::unique_ptr<EngineProcess>(
      new EngineProcess(pid, std::move(process), std::move(in.write), std::move(out.read),
                        std::move(log.read), std::move(callbacks)));
}

EngineProcess::EngineProcess(pid_t pid, FileDescriptor process, FileDescriptor in,
                             FileDescriptor out, FileDescriptor log, EngineCallbacks callbacks)
    : pid_(pid),
      callbacks_(std::move(callbacks)),
      process_(std::move(process)),
      out_(std::move(out)),
      log_(std::move(log)),
      in_(std::move(in)),
      thread_([this] { Run(); }) {}

EngineProcess::~EngineProcess() {
  Signal(SIGKILL);
  thread_.join();
}

absl::Status EngineProcess::WriteLine(absl::string_view line) {
  absl::MutexLock lock(&mutex_);
  if (!in_.is_open()) return absl::UnavailableError("the engine's process has ended");
  return WriteAll(in_.get(), absl::StrCat(line, "\n"), "the engine's stdin");
}

void EngineProcess::Signal(int signal) {
  absl::MutexLock lock(&mutex_);
  if (!reaped_) kill(pid_, signal);
}

void EngineProcess::Run() {
  bool ended = false;
  while (!ended) {
    // A negative descriptor is passed over by poll.
    std::array<pollfd, 3> polled = {
        {{process_.get(), POLLIN, 0}, {out_.get(), POLLIN, 0}, {log_.get(), POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) break;
    // A grandchild may hold the pipes open: the end of the process counts, not theirs.
    ended = polled[0].revents != 0;
    if (polled[1].revents != 0) ReadSome(out_, false);
    if (polled[2].revents != 0) ReadSome(log_, true);
  }
  while (ReadSome(out_, false)) {
  }
  while (ReadSome(log_, true)) {
  }
  callbacks_.exit(Reap());
}

// False when nothing waits to be read.
bool EngineProcess::ReadSome(FileDescriptor& from, bool is_log) {
  if (!from.is_open()) return false;
  std::array<char, 1 << 16> buffer;
  const ssize_t size = read(from.get(), buffer.data(), buffer.size());
  if (size < 0 && errno == EINTR) return true;
  if (size < 0 && errno == EAGAIN) return false;
  if (size <= 0) {
    from.Close();
    return false;
  }
  const absl::string_view bytes(buffer.data(), static_cast<size_t>(size));
  is_log ? TakeLog(bytes) : TakeLines(bytes);
  return true;
}

void EngineProcess::TakeLines(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const absl::string_view piece = bytes.substr(0, end);
    line_too_long_ = line_too_long_ || line_.size() + piece.size() > kEventLineBytesMax;
    if (!line_too_long_) absl::StrAppend(&line_, piece);
    if (end == absl::string_view::npos) return;
    if (!line_too_long_ && !line_.empty()) callbacks_.line(line_);
    line_.clear();
    line_too_long_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void EngineProcess::TakeLog(absl::string_view bytes) {
  absl::StrAppend(&last_log_, bytes);
  if (last_log_.size() > kLastLogBytesMax) {
    last_log_.erase(0, last_log_.size() - kLastLogBytesMax);
  }
  callbacks_.log(bytes);
}

ChildExit EngineProcess::Reap() {
  absl::MutexLock lock(&mutex_);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  in_.Close();
  ChildExit exit;
  if (WIFEXITED(status)) exit.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit.signal = WTERMSIG(status);
  exit.last_log = std::string(absl::StripSuffix(last_log_, "\n"));
  return exit;
}

}  // namespace makeover
