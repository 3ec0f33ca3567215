// mkworker: one per machine. Runs what the coordinator wants on the devices of this machine.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "proto/names.h"
#include "storage/file_lock.h"
#include "storage/log.h"
#include "storage/status_macros.h"
#include "worker/daemon.h"
#include "worker/devices.h"
#include "worker/identity.h"
#include "worker/signals.h"

namespace makeover {
namespace {

constexpr int kExitUsage = 2;

struct Flags {
  DaemonOptions daemon;
  std::string devices = "auto";
};

std::string HostName() {
  std::array<char, 256> name = {};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "worker";
}

std::string EngineBeside() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "mkengine").string();
}

void Describe(CLI::App* app, Flags* flags) {
  DaemonOptions& daemon = flags->daemon;
  daemon.name = HostName();
  daemon.engine.program = EngineBeside();
  daemon.cache_bytes_max = int64_t{100} << 30;
  app->add_option("--coordinator", daemon.coordinator, "Where mkcoordinator listens")
      ->required()
      ->type_name("HOST:PORT");
  app->add_option("--data-dir", daemon.data_dir, "Cache and work folders; one worker at a time")
      ->required()
      ->type_name("DIR");
  app->add_option("--name", daemon.name, "Unique in the cluster")->capture_default_str();
  app->add_option("--devices", flags->devices,
                  "auto (every CUDA device, else the processor), or names such as cpu,cuda:0")
      ->capture_default_str()
      ->type_name("NAMES");
  app->add_option("--threads", daemon.engine.threads,
                  "Of the processor, for each engine process; 0: the engine decides")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app->add_option("--engine", daemon.engine.program, "The engine's program")
      ->capture_default_str()
      ->type_name("PATH");
  app->add_option("--cache-bytes", daemon.cache_bytes_max,
                  "Bound of the cache; units such as 500MiB and 100GiB are understood")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  app->footer(
      "Ends on SIGTERM or Ctrl-C: a training saves a checkpoint first, and another worker goes on "
      "from it.\nA second signal ends it at once.\n\n"
      "Exit status: 0 stopped, 1 failed or not all was saved, 2 usage.\n\nExample:\n"
      "  mkworker --coordinator 127.0.0.1:7760 --data-dir /var/lib/makeover/worker");
}

absl::StatusOr<bool> RunWorker(Flags flags, Logger& logger) {
  DaemonOptions& options = flags.daemon;
  MK_RETURN_IF_ERROR(CheckName("worker", options.name));
  std::error_code error;  // In a deleted folder; whoever makes the folder says why it cannot be.
  const std::filesystem::path data_dir = std::filesystem::absolute(options.data_dir, error);
  if (!error) options.data_dir = data_dir.string();
  MK_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Acquire(options.data_dir));
  MK_ASSIGN_OR_RETURN(options.identity, LoadIdentity(options.data_dir));
  MK_ASSIGN_OR_RETURN(const Probe probe, ProbeEngine(options.engine.program));
  options.version = probe.version;
  options.abilities = probe.engine;
  MK_ASSIGN_OR_RETURN(options.devices, ChooseDevices(probe.devices, flags.devices));
  const std::string name = options.name;
  MK_ASSIGN_OR_RETURN(const std::unique_ptr<Daemon> daemon,
                      Daemon::Create(std::move(options), logger, [&name] {
                        std::cout << "registered as " << name << std::endl;
                      }));
  MK_ASSIGN_OR_RETURN(const auto signals, SignalWatcher::Start([&daemon](int count) {
                        count == 1 ? daemon->Shutdown() : daemon->Kill();
                      }));
  return daemon->Run();
}

// Help, or what is wrong with the command line: an option that is not known before one that is
// missing.
int Explain(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> unknown = app.remaining();
  if (error.get_exit_code() == 0 || unknown.empty()) return app.exit(error) == 0 ? 0 : kExitUsage;
  return app.exit(CLI::ExtrasError(app.get_name(), unknown)) == 0 ? 0 : kExitUsage;
}

int Main(int argc, char** argv) {
  SignalWatcher::Block();
  // For the children, see worker/mkengine/main.cc; it saves them their second start.
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
  setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/0);
  setenv("OPENBLAS_NUM_THREADS", "1", /*overwrite=*/0);
  setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", /*overwrite=*/0);
  Flags flags;
  CLI::App app("The worker daemon: trains and converts on this machine's devices.", "mkworker");
  Describe(&app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Explain(app, error);
  }
  Logger logger("mkworker", LogLevel::kInfo, STDERR_FILENO, SystemNowMs);
  const absl::StatusOr<bool> saved = RunWorker(std::move(flags), logger);
  if (!saved.ok()) {
    std::cerr << "mkworker: " << saved.status().message() << std::endl;
    return 1;
  }
  if (!*saved) logger.Warning("ended before everything was saved and reported");
  return *saved ? 0 : 1;
}

}  // namespace
}  // namespace makeover

int main(int argc, char** argv) { return makeover::Main(argc, argv); }
