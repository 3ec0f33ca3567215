// mkcoordinator: keeps datasets, jobs and checkpoints, decides what runs where, serves gRPC.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>

#include "coordinator/server.h"
#include "coordinator/version.h"
#include "storage/log.h"

namespace makeover {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitRefused = 4;

// The wall clock as it was at the start, carried on by one that never steps back.
std::function<TimeMs()> SteadyWallClock() {
  const auto start = std::chrono::steady_clock::now();
  return [start, start_ms = SystemNowMs()] {
    const auto passed = std::chrono::steady_clock::now() - start;
    return start_ms + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
  };
}

uint64_t RandomNumber() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

// Nobody knows what the disk holds: the next start reads it.
[[noreturn]] void StopAtOnce(const absl::Status& why) {
  const std::string message(why.message());
  std::fprintf(stderr,
               "mkcoordinator: stopping at once, since it is not known what reached the disk: %s "
               "Start it again: it goes on from what the disk holds.\n",
               message.c_str());
  _exit(kExitFailed);
}

void Describe(CLI::App& app, ServerOptions& options) {
  SchedulerSettings& scheduler = options.scheduler;
  app.set_version_flag("--version", kVersion);
  app.add_option("--data-dir", options.data_dir,
                 "Catalog, blobs and logs; one coordinator at a time")
      ->required()
      ->type_name("DIR");
  app.add_option("--listen", options.listen, "Where to serve; port 0 takes a free one")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app.add_flag("--insecure", options.insecure,
               "Serve other machines too, as plain text and without authentication");
  app.add_option("--lease-ms", scheduler.lease_ms,
                 "A worker that is not heard from for so long is lost")
      ->check(CLI::Range(100, 86'400'000))
      ->capture_default_str();
  app.add_option("--heartbeat-ms", scheduler.heartbeat_ms, "A worker speaks at least so often")
      ->check(CLI::Range(10, 3'600'000))
      ->capture_default_str();
  app.add_option("--retry-ms", scheduler.retry_ms,
                 "A failed task waits so long, then four times longer each time")
      ->check(CLI::Range(1, 3'600'000))
      ->capture_default_str();
  app.footer(
      "Prints \"listening on HOST:PORT\" when it is ready and writes HOST:PORT to DIR/address.\n"
      "Ends on SIGTERM or Ctrl-C; workers go on meanwhile, and jobs too when it is back.\n\n"
      "Exit status: 0 stopped, 1 failed, 2 usage, 4 refused (folder in use, address not "
      "allowed).\n\n"
      "Example:\n  mkcoordinator --data-dir /var/lib/makeover --listen 127.0.0.1:7760");
}

int Complain(const absl::Status& status) {
  const std::string message(status.message());
  std::fprintf(stderr, "mkcoordinator: %s\n", message.c_str());
  return absl::IsFailedPrecondition(status) ? kExitRefused : kExitFailed;
}

// `stop_signals` are blocked in every thread and taken here.
int Serve(ServerOptions options, const sigset_t& stop_signals) {
  auto server = Server::Start(std::move(options));
  if (!server.ok()) return Complain(server.status());
  std::printf("listening on %s\n", (*server)->address().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&stop_signals, &signal);
  (*server)->Stop();
  return 0;
}

}  // namespace
}  // namespace makeover

int main(int argc, char** argv) {
  using namespace makeover;  // NOLINT(google-build-using-namespace): main alone
  ServerOptions options;
  CLI::App app("Keeps datasets, jobs and checkpoints, decides what runs where, and serves gRPC.",
               "mkcoordinator");
  Describe(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  // gRPC's own words about a port that is taken are no help beside ours.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  signal(SIGPIPE, SIG_IGN);
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::error_code error;  // In a deleted folder; whoever makes the folder says why it cannot be.
  const std::filesystem::path data_dir = std::filesystem::absolute(options.data_dir, error);
  if (!error) options.data_dir = data_dir.string();
  options.clock = SteadyWallClock();
  options.random = RandomNumber;
  options.on_fatal = StopAtOnce;
  return Serve(std::move(options), stop_signals);
}
