#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace makeover {

// Runs `work` in a child process that is killed with SIGKILL as soon as it has written `tokens`
// bytes to the pipe that it is given, or exits by itself. Returns how many bytes it wrote: what it
// had finished for sure.
inline int RunAndKill(int tokens, const std::function<void(int report_fd)>& work) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    work(ends[1]);
    _exit(0);
  }
  close(ends[1]);
  int seen = 0;
  char token = 0;
  while (seen < tokens && read(ends[0], &token, 1) == 1) ++seen;
  kill(child, SIGKILL);
  while (read(ends[0], &token, 1) == 1) ++seen;
  waitpid(child, nullptr, 0);
  close(ends[0]);
  return seen;
}

inline void Report(int fd) {
  if (write(fd, "x", 1) != 1) _exit(1);
}

}  // namespace makeover
