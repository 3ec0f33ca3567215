#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "client/command.h"
#include "client/context.h"
#include "client/deal_devices.h"
#include "client/local_cluster.h"
#include "client/session.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr int kWorkersMax = 64;

struct UpOptions {
  std::string data_dir;
  std::string listen{kDefaultServer};
  std::string devices = "auto";
  int workers = 1;
};

absl::StatusOr<LocalClusterOptions> Plan(const Session& session, const UpOptions& options) {
  LocalClusterOptions plan;
  MK_RETURN_IF_ERROR(CheckAddress(options.listen, true));
  std::error_code error;
  plan.bin_dir = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
  const auto probe = [&plan] { return ProbeCudaDevices(plan.bin_dir + "/mkengine"); };
  MK_ASSIGN_OR_RETURN(plan.devices, DealDevices(options.devices, options.workers, probe));
  plan.data_dir =
      options.data_dir.empty() ? DefaultDataDir(session.environment()) : options.data_dir;
  plan.listen = options.listen;
  if (options.workers > 1) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    plan.threads = std::max(1, cores / options.workers);
  }
  MK_RETURN_IF_ERROR(AsLocalError(MakeFolders(plan.data_dir)));
  return plan;
}

void SayListening(const Session& session, const std::string& address) {
  const absl::Status saved = SaveContext(session.environment(), address);
  if (!saved.ok()) {
    session.out.Warn(
        absl::StrCat("Other commands need --server ", address, ": ", std::string(saved.message())));
  }
  std::fputs(absl::StrCat("listening on ", address, "\n").c_str(), stdout);
  std::fflush(stdout);
}

void SayReady(const Session& session, const LocalClusterOptions& plan) {
  session.out.Note(absl::StrCat("The cluster runs with ", plan.devices.size(),
                                plan.devices.size() == 1 ? " worker" : " workers", ", data in ",
                                plan.data_dir, ". Ctrl-C stops it cleanly."));
  session.out.Hint({{"mkctl status", "the cluster at a glance"},
                    {"mkengine synth toy-faces --count 1000 --seed 1", "draw faces to play with"},
                    {"mkctl datasets import toy toy-faces", "or a folder of your own"},
                    {"mkctl submit-train --filter smiling --time 20m --follow", "train a model"}});
}

CommandResult Up(Session& session, const UpOptions& options) {
  MK_ASSIGN_OR_RETURN(const LocalClusterOptions plan, Plan(session, options));
  LocalCluster cluster(
      plan, session.out, [&](const std::string& address) { SayListening(session, address); },
      [&] { SayReady(session, plan); });
  return cluster.Run();
}

}  // namespace

void AddUpCommand(CLI::App& app, Choice& choice) {
  CLI::App* command =
      AddCommand(app, "up", "Starts a cluster on this machine, in the foreground", "mkctl up");
  auto options = std::make_shared<UpOptions>();
  command->add_option("--data-dir", options->data_dir,
                      "Where everything is kept; default: $XDG_DATA_HOME/makeover");
  command->add_option("--listen", options->listen, "HOST:PORT; port 0 takes any free one")
      ->capture_default_str();
  command
      ->add_option("--devices", options->devices,
                   "auto (every CUDA device, else the processor), cpu, or cuda:0,cuda:1,...")
      ->capture_default_str();
  command
      ->add_option("--workers", options->workers,
                   "How many workers; the devices are dealt out to them")
      ->capture_default_str()
      ->check(CLI::Range(1, kWorkersMax));
  Runs(command, choice, [options](Session& session) { return Up(session, *options); });
  command->preparse_callback([&choice](size_t) { choice.connects = false; });
}

}  // namespace makeover
